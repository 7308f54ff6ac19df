package dev.lifeboat.docker;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Cleans up, however often the thread is interrupted before or meanwhile: on a thread of its own, since a channel closes itself at once on an
 * interrupted one, and then a container would stay paused. The flag is set again afterwards.
 */
final class Uninterrupted {
    /** Something that talks to the engine. */
    @FunctionalInterface
    interface Call {
        void run() throws IOException;
    }

    private Uninterrupted() {}

    static void run(Call call) throws IOException {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            call.run();
            return true;
        });
        Thread thread = new Thread(task, "lifeboat-cleanup");
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw Io.unwrap(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
