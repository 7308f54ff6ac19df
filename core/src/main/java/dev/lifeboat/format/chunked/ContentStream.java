package dev.lifeboat.format.chunked;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.Naming;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.Slice;
import dev.lifeboat.internal.tree.SliceLists;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * The content of one file, slice by slice. Each chunk is checked against its name before its bytes are returned. The
 * next chunks are fetched ahead.
 */
final class ContentStream extends BulkInputStream {
    private static final int AHEAD = 2;

    private final ChunkSource source;
    private final Executor executor;
    private final SliceLists.Walk slices;
    private final Deque<Fetched> ahead = new ArrayDeque<>();
    private byte[] chunk = new byte[0];
    private int at;
    private int end;

    private record Fetched(Slice slice, FutureTask<byte[]> task) {}

    ContentStream(FileContent content, ChunkSource source, Executor executor) {
        this.source = source;
        this.executor = executor;
        this.slices = SliceLists.walk(content, source);
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (len == 0) {
            return 0;
        }
        while (at == end) {
            if (!next()) {
                return -1;
            }
        }
        int n = Math.min(len, end - at);
        System.arraycopy(chunk, at, b, off, n);
        at += n;
        return n;
    }

    /** Chunks that are passed over are not fetched, unless they were fetched ahead. */
    @Override
    public long skip(long n) throws IOException {
        long left = n;
        while (left > 0) {
            if (at < end) {
                int within = (int) Math.min(left, end - at);
                at += within;
                left -= within;
            } else if (ahead.isEmpty() && slices.hasNext()) {
                Slice slice = slices.next();
                if (slice.length() > left) {
                    fetch(slice);
                } else {
                    left -= slice.length();
                }
            } else if (!next()) {
                break;
            }
        }
        return n - left;
    }

    private boolean next() throws IOException {
        while (ahead.size() < AHEAD && slices.hasNext()) {
            fetch(slices.next());
        }
        Fetched first = ahead.poll();
        if (first == null) {
            return false;
        }
        chunk = Io.await(first.task());
        at = first.slice().offset();
        end = checkedEnd(first.slice(), chunk);
        return true;
    }

    private void fetch(Slice slice) {
        FutureTask<byte[]> task = new FutureTask<>(() -> source.data(slice.chunk()));
        ahead.add(new Fetched(slice, task));
        executor.execute(task);
    }

    /** Returns the offset in the chunk at which a slice ends. */
    static int checkedEnd(Slice slice, byte[] chunk) throws DamagedException {
        int content = chunk.length - Naming.tableBytes(Naming.pieces(chunk, chunk.length).length);
        if (slice.offset() + slice.length() > content) {
            throw new DamagedException("a slice ends past the " + content + " bytes of chunk " + slice.chunk());
        }
        return (int) (slice.offset() + slice.length());
    }

    @Override
    public void close() {
        ahead.forEach(fetched -> fetched.task().cancel(true));
        ahead.clear();
    }
}
