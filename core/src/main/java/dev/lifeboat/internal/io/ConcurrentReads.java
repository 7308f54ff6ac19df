package dev.lifeboat.internal.io;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/** Reads many small objects, since the time of each is that of a round trip. */
public final class ConcurrentReads {
    private static final int READERS = 8;
    /** Fewer are not worth the threads. */
    public static final int FEW = 4;

    private ConcurrentReads() {}

    /** Reads one of them. */
    @FunctionalInterface
    public interface Read<T> {
        /** An exception ends the others, and is thrown to the caller. */
        void run(T item) throws IOException;
    }

    /** Reads all of them, and waits for that. Does nothing if there are few, which the caller reads itself. */
    public static <T> void run(Executor executor, Collection<T> items, Read<T> read) throws IOException {
        if (items.size() < FEW) {
            return;
        }
        Queue<T> left = new ConcurrentLinkedQueue<>(items);
        List<TrackedTask<?>> readers = new ArrayList<>();
        try {
            for (int i = 0; i < READERS; i++) {
                TrackedTask<?> reader = new TrackedTask<>(
                        () -> {
                            for (T item; (item = left.poll()) != null; ) {
                                read.run(item);
                            }
                            return null;
                        },
                        () -> {});
                readers.add(reader);
                reader.startOn(executor);
            }
            for (TrackedTask<?> reader : readers) {
                Io.await(reader);
            }
        } finally {
            readers.forEach(reader -> reader.cancel(true));
            readers.forEach(TrackedTask::awaitLeft);
        }
    }
}
