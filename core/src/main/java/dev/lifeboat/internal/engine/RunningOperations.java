package dev.lifeboat.internal.engine;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations that run on one repository. Closing cancels them and waits until the last has ended, so that no source
 * stays quiesced; an orderly shutdown of the JVM does the same. Thread-safe.
 */
public final class RunningOperations {
    private static final Logger log = LoggerFactory.getLogger(RunningOperations.class);

    private final Set<Running> running = new LinkedHashSet<>();
    private final String name;
    private boolean closed;

    /**
     * Creates a set without operations.
     *
     * @param name of the repository, for messages
     */
    public RunningOperations(String name) {
        this.name = name;
    }

    /** One operation, on the thread that started it. */
    public final class Running implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private final String what;
        private QuiesceHandle handle = QuiesceHandle.none();

        private Running(String what) {
            this.what = what;
        }

        /**
         * Registers what must be resumed if the JVM shuts down before the operation has ended.
         *
         * @throws InterruptedIOException if the operation is cancelled already; the handle is closed
         */
        public void quiesced(QuiesceHandle newHandle) throws IOException {
            boolean cancelled;
            synchronized (RunningOperations.this) {
                handle = newHandle;
                cancelled = closed;
            }
            if (cancelled) {
                newHandle.close();
                throw new InterruptedIOException(name + " is closed");
            }
        }

        /**
         * Checks that the operation goes on: its source may have been resumed already, and its interrupt swallowed.
         *
         * @throws InterruptedIOException if the operation is cancelled
         */
        public void checkNotCancelled() throws InterruptedIOException {
            synchronized (RunningOperations.this) {
                if (closed) {
                    throw new InterruptedIOException(name + " is closed");
                }
            }
        }

        /** Ends the operation. */
        @Override
        public void close() {
            synchronized (RunningOperations.this) {
                running.remove(this);
                if (running.isEmpty()) {
                    ShutdownHook.remove(RunningOperations.this);
                }
                RunningOperations.this.notifyAll();
            }
        }
    }

    /**
     * Begins an operation on this thread. The caller closes the result when the operation has ended.
     *
     * @throws IllegalStateException if the repository is closed, or the JVM is shutting down
     */
    public Running enter(String what) {
        Running begun = new Running(what);
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException(what + ": " + name + " is closed");
            }
            ShutdownHook.add(this);
            running.add(begun);
        }
        return begun;
    }

    /**
     * Rejects new operations, cancels those that run, and waits until they have ended. Not interruptible; the interrupt
     * flag is set again.
     *
     * @throws IllegalStateException if the calling thread runs one of them; nothing is closed
     */
    public void close() {
        synchronized (this) {
            for (Running operation : running) {
                if (operation.thread == Thread.currentThread()) {
                    throw new IllegalStateException(
                            name + " is closed by its own operation, '" + operation.what + "'; close it afterwards");
                }
            }
        }
        cancel();
        boolean interrupted = false;
        while (!awaitEnd(TimeUnit.SECONDS.toMillis(30))) {
            interrupted |= Thread.interrupted();
            // A source or a listener may have swallowed the first interrupt.
            cancel();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Rejects new operations and interrupts those that run: under the lock, so that none has ended meanwhile. */
    synchronized void cancel() {
        closed = true;
        running.forEach(operation -> operation.thread.interrupt());
    }

    /**
     * Resumes what operations have quiesced, without waiting for the operations. Each has a thread, so that an engine
     * that does not answer keeps no other source quiesced; the caller waits for them.
     */
    List<Thread> resume() {
        List<QuiesceHandle> handles = new ArrayList<>();
        synchronized (this) {
            running.forEach(operation -> handles.add(operation.handle));
        }
        List<Thread> threads = new ArrayList<>();
        for (QuiesceHandle handle : handles) {
            Thread thread = new Thread(() -> resume(handle), "lifeboat-resume");
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    private void resume(QuiesceHandle handle) {
        try {
            handle.close();
        } catch (IOException | RuntimeException | Error e) {
            log.error("source is still quiesced [repository={}]", name, e);
        }
    }

    /** Waits until no operation runs. Returns false if the time has elapsed or the thread was interrupted before. */
    synchronized boolean awaitEnd(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!running.isEmpty()) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                log.warn("still waiting for operations that were cancelled [repository={}]", name);
                return false;
            }
            try {
                Io.await(this, left);
            } catch (InterruptedIOException e) {
                return false;
            }
        }
        return true;
    }
}
