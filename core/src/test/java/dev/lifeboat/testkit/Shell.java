package dev.lifeboat.testkit;

import java.io.IOException;
import java.io.OutputStream;
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
        Result result = run("", List.of(command));
        if (result.exitCode() != 0) {
            throw new AssertionError("failed: " + List.of(command) + "\n" + result.output());
        }
        return result.output();
    }

    /** What became of a program, and what it printed, both ways. */
    public record Result(int exitCode, String output) {}

    /**
     * Runs a program that may fail, and waits for it.
     *
     * @param input what it reads, which is short
     * @throws AssertionError if it does not end
     */
    public static Result run(String input, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(300, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("does not end: " + command + "\n" + output);
        }
        return new Result(process.exitValue(), output);
    }

    /** Runs a line of shell; see {@link #run}. */
    public static String sh(String line) throws IOException, InterruptedException {
        return run("/bin/sh", "-c", line);
    }
}
