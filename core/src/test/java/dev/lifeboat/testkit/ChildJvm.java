package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Other processes with the classes of the tests: to be killed, or kept to a heap of some size. */
public final class ChildJvm {
    private ChildJvm() {}

    /**
     * Describes a process; the caller says where its output goes, starts it, and sees to its end.
     *
     * @param heap as {@code -Xmx} takes it
     */
    public static ProcessBuilder of(Class<?> main, String heap, List<String> options, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + heap));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** Starts one that writes what it says to a file. */
    public static Process start(Class<?> main, String heap, Path log, String... arguments) throws IOException {
        // Most of them do little, and are started many times.
        List<String> options = List.of(
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Djava.io.tmpdir=" + log.toAbsolutePath().getParent());
        return of(main, heap, options, arguments).redirectOutput(log.toFile()).start();
    }

    /**
     * Runs one to its end, which has to be a good one.
     *
     * @param dir for its temporary files, and for what it says
     * @return what it said
     */
    public static String run(Class<?> main, String heap, Path dir, long seconds, String... arguments)
            throws IOException, InterruptedException {
        Path log = dir.resolve("log");
        Process process = start(main, heap, log, arguments);
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        String said = Files.readString(log);
        assertThat(ended).as(said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }
}
