package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.quiesce.HelperProcess;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The helper process: {@code <journal> <engine> [certificates]}. Waits until the process that started it is gone, and
 * recovers what it has left.
 */
final class Helper {
    private static final long PATIENCE_SECONDS = 60;

    private Helper() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        QuiesceJournal journal = QuiesceJournal.at(Path.of(arguments[0]));
        URI engine = URI.create(arguments[1]);
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        try (Docker docker = arguments.length > 2 ? Docker.at(engine, Path.of(arguments[2])) : Docker.at(engine)) {
            Docker journaled = docker.withJournal(journal);
            // Loads the classes and opens a connection now.
            journaled.info();
            System.out.print(HelperProcess.READY + "\n");
            System.out.flush();
            while (System.in.read() >= 0) {
                // Only its end means something.
            }
            recover(journal, journaled, parent);
        }
    }

    /** Its standard input ends a little before the process is gone. */
    private static void recover(QuiesceJournal journal, Docker docker, ProcessHandle parent)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            boolean gone = !parent.isAlive();
            if (!journal.abandoned().isEmpty()) {
                docker.recover();
                return;
            }
            if (gone) {
                return;
            }
            Thread.sleep(50);
        }
    }
}
