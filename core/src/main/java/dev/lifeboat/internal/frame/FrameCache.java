package dev.lifeboat.internal.frame;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * Caches the most recently read frames of any object, and fetches the next ones ahead while an object is read in order.
 * Bounded: reading a chain of any number of archives takes the same memory. Thread-safe.
 */
public final class FrameCache {
    private static final int MAX_FRAMES = 12;
    private static final int AHEAD = 2;

    private final Executor executor;
    private final Map<Key, Future<byte[]>> frames = new LinkedHashMap<>(32, 0.75f, true);

    private record Key(FrameSource source, int frame) {}

    /** Fetches ahead on an executor. */
    public FrameCache(Executor executor) {
        this.executor = executor;
    }

    /**
     * Opens a range of the plain bytes of an object.
     *
     * @throws DamagedException if the range lies past the end
     */
    public InputStream open(FrameSource source, long offset, long length) throws DamagedException {
        if (offset < 0 || length < 0 || offset > source.table().plainSize() - length) {
            throw new DamagedException("bytes " + offset + "+" + length + " lie past the end of " + source.key()
                    + " in " + source.storage().location());
        }
        return new PlainStream(source, offset, offset + length);
    }

    private byte[] frame(FrameSource source, int i, long end) throws IOException {
        Future<byte[]> wanted;
        synchronized (frames) {
            boolean inOrder = i == 0 || frames.containsKey(new Key(source, i - 1));
            wanted = ensure(source, i);
            for (int next = i + 1; next <= i + AHEAD && next < source.table().frames(); next++) {
                if (inOrder || source.table().plainOffset(next) < end) {
                    ensure(source, next);
                }
            }
            Iterator<Future<byte[]>> oldest = frames.values().iterator();
            while (frames.size() > MAX_FRAMES) {
                oldest.next();
                oldest.remove();
            }
        }
        try {
            return Io.await(wanted);
        } catch (IOException e) {
            synchronized (frames) {
                frames.remove(new Key(source, i));
            }
            throw e;
        }
    }

    @CanIgnoreReturnValue
    private Future<byte[]> ensure(FrameSource source, int i) {
        return frames.computeIfAbsent(new Key(source, i), k -> {
            FutureTask<byte[]> task = new FutureTask<>(() -> source.load(i));
            executor.execute(task);
            return task;
        });
    }

    private final class PlainStream extends BulkInputStream {
        private final FrameSource source;
        private final long end;
        private long position;
        private byte[] current = new byte[0];
        private int at;

        PlainStream(FrameSource source, long start, long end) {
            this.source = source;
            this.position = start;
            this.end = end;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            if (len == 0) {
                return 0;
            }
            if (position == end) {
                return -1;
            }
            if (at == current.length) {
                int i = source.table().at(position);
                current = frame(source, i, end);
                at = (int) (position - source.table().plainOffset(i));
            }
            int n = (int) Math.min(Math.min(len, current.length - at), end - position);
            System.arraycopy(current, at, b, off, n);
            at += n;
            position += n;
            return n;
        }
    }
}
