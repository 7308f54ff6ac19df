package dev.lifeboat.quickstart;

import dev.lifeboat.event.OperationEvent;
import java.util.Locale;
import java.util.function.Consumer;

/** Shows events on one line of a terminal, or line by line if the output is not a terminal. */
final class ProgressBar implements Consumer<OperationEvent> {
    private static final String SPINNER = "|/-\\";
    private int turn;

    @Override
    public synchronized void accept(OperationEvent event) {
        if (event instanceof OperationEvent.Progress p) {
            String line = String.format(
                    Locale.ROOT,
                    "  %c %,d entries, %s read, %s stored, %s/s, %.1f s",
                    SPINNER.charAt(turn++ % SPINNER.length()),
                    p.entries(),
                    bytes(p.bytesRead()),
                    bytes(p.bytesStored()),
                    bytes(p.bytesPerSecond()),
                    p.elapsed().toMillis() / 1e3);
            boolean terminal = Boolean.getBoolean("terminal");
            System.out.print(terminal ? "\r" + line + "        \r" : line + "\n");
            System.out.flush();
        } else if (event instanceof OperationEvent.Quiesced) {
            System.out.println("  paused");
        } else if (event instanceof OperationEvent.Resumed resumed) {
            System.out.printf(
                    "  running again after %d ms%n", resumed.quiesced().toMillis());
        }
    }

    static String bytes(long bytes) {
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }
}
