package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Runs tasks on a few threads. Closing it interrupts those that still run, and waits for them. Used by one thread. */
final class Workers implements AutoCloseable {
    private final ExecutorService executor;
    private final CompletionService<Boolean> tasks;
    private int running;

    /** Something that may fail. */
    interface Task {
        void run() throws IOException;
    }

    Workers(int threads, String name) {
        executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        tasks = new ExecutorCompletionService<>(executor);
    }

    void run(Task task) {
        tasks.submit(() -> {
            task.run();
            return true;
        });
        running++;
    }

    /** Waits for all tasks; throws what the first that fails has thrown. */
    void await() throws IOException {
        for (; running > 0; running--) {
            try {
                Io.await(tasks.take());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
        boolean interrupted = false;
        while (!executor.isTerminated()) {
            try {
                executor.awaitTermination(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
