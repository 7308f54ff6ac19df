package dev.lifeboat.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A process that lives on, as programs that embed the library do: runs the operations of {@link Bench} that it reads
 * from its standard input, one a line, and answers each with the seconds that it took, or with why it failed. The
 * repository of the last operation stays open for the next one on it.
 */
final class Living {
    private Living() {}

    static void run() throws IOException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String open = "";
        Bench.Opened opened = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] args = line.split(" ");
            long start = System.nanoTime();
            try {
                if (opened == null || !open.equals(args[1])) {
                    if (opened != null) {
                        opened.repo().close();
                    }
                    opened = Bench.open(args[1]);
                    open = args[1];
                }
                String said = args[0].equals("open") ? "opened" : Bench.perform(opened.repo(), args);
                System.out.printf(Locale.ROOT, "%.3f %s%n", (System.nanoTime() - start) / 1e9, said);
            } catch (RuntimeException e) {
                System.out.println("failed: " + e);
                e.printStackTrace();
            }
            System.out.flush();
        }
        if (opened != null) {
            opened.repo().close();
        }
    }
}
