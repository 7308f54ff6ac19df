package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.quiesce.HelperProcess;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The helper process: {@code <journal> <engine> [certificates]}. Waits until the process that started it is gone, and
 * recovers what it has left.
 */
final class Helper {
    private static final Logger log = LoggerFactory.getLogger(Helper.class);
    private static final long PATIENCE_SECONDS = 60;

    private Helper() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream out = System.out;
        // What is logged must not be taken for an answer, or fill a pipe that is read no more.
        System.setOut(System.err);
        QuiesceJournal journal = QuiesceJournal.at(Path.of(arguments[0]));
        URI engine = URI.create(arguments[1]);
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        try (Docker docker = arguments.length > 2 ? Docker.at(engine, Path.of(arguments[2])) : Docker.at(engine)) {
            Docker journaled = docker.withJournal(journal);
            // Loads the classes and opens a connection now.
            journaled.info();
            out.print(HelperProcess.READY + "\n");
            out.flush();
            while (System.in.read() >= 0) {
                // Only its end means something.
            }
            recover(journaled, parent);
        }
    }

    /** Its standard input ends a little before the process is gone; until then, its records are not abandoned. */
    private static void recover(Docker docker, ProcessHandle parent) throws InterruptedException {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            boolean gone = !parent.isAlive();
            try {
                docker.recover();
                if (gone) {
                    return;
                }
            } catch (UncheckedIOException e) {
                log.warn("what a process has left that was killed is not recovered yet [cause={}]", e.getMessage());
            }
            Thread.sleep(100);
        }
    }
}
