package dev.lifeboat.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs other people's programs, to compare with them. */
public final class Shell {
    private Shell() {}

    /**
     * Runs a program and waits for it.
     *
     * @return what it printed, both ways
     * @throws AssertionError if it failed
     */
    public static String run(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(300, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new AssertionError("failed: " + List.of(command) + "\n" + output);
        }
        return output;
    }

    /** Runs a line of shell; see {@link #run}. */
    public static String sh(String line) throws IOException, InterruptedException {
        return run("/bin/sh", "-c", line);
    }
}
