package dev.lifeboat.internal.frame;

import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * Writes one object as frames. The caller fills a frame, threads of the executor compress frames in parallel, and one
 * more thread puts them in order. At most {@code parallelism + 2} frames are queued. The object does not exist before
 * {@link #finish} returns. One writing thread at a time.
 */
public final class FrameWriter extends OutputStream {
    private static final Frame END = new Frame(new byte[0], 0, 0);

    private final FormatContext context;
    private final FrameCodec codec;
    private final BlockingQueue<Future<Frame>> queue;
    private final FutureTask<ObjectInfo> put;
    private final FrameTable.Builder table = new FrameTable.Builder();
    private final MessageDigest digest = Digests.sha256();
    private final AtomicLong stored = new AtomicLong();
    private byte[] buffer = new byte[FrameTable.FRAME_BYTES];
    private int filled;
    private long position;
    private volatile boolean aborted;

    /** A compressed frame. A frame without plain bytes marks the end. */
    private static final class Frame {
        private final byte[] bytes;
        private final int plainLength;
        private final int checksum;

        Frame(byte[] bytes, int plainLength, int checksum) {
            this.bytes = bytes;
            this.plainLength = plainLength;
            this.checksum = checksum;
        }
    }

    /** The complete object. */
    public record Written(FrameTable table, long length, String sha256) {}

    /** Starts to put an object that must not exist yet. */
    public FrameWriter(FormatContext context, ObjectKey key, FrameCodec codec) {
        this.context = context;
        this.codec = codec;
        queue = new ArrayBlockingQueue<>(context.parallelism() + 2);
        put = new FutureTask<>(
                () -> context.storage().put(key, Content.once(new FrameStream()), PutCondition.IF_ABSENT));
        context.executor().execute(put);
    }

    /** Returns the number of plain bytes written so far. */
    public long position() {
        return position;
    }

    /** Returns the number of bytes put so far. May be called by any thread. */
    public long bytesStored() {
        return stored.get();
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] b, int off, int len) throws IOException {
        int done = 0;
        while (done < len) {
            int n = Math.min(len - done, buffer.length - filled);
            System.arraycopy(b, off + done, buffer, filled, n);
            filled += n;
            done += n;
            if (filled == buffer.length) {
                endFrame();
            }
        }
        position += len;
    }

    private void endFrame() throws IOException {
        byte[] plain = buffer;
        int length = filled;
        FutureTask<Frame> task = new FutureTask<>(() -> compress(plain, length));
        enqueue(task);
        boolean taken = false;
        try {
            context.executor().execute(task);
            taken = true;
        } finally {
            if (!taken) {
                // Completes the task, so that a thread that waits for the frame does not wait forever.
                task.cancel(false);
            }
        }
        buffer = new byte[FrameTable.FRAME_BYTES];
        filled = 0;
    }

    private Frame compress(byte[] plain, int length) {
        byte[] bytes = codec.compress(plain, length);
        return new Frame(bytes, length, checksum(bytes));
    }

    static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Waits for room, and stops waiting when the put has failed. */
    private void enqueue(Future<Frame> frame) throws IOException {
        try {
            while (!queue.offer(frame, 100, TimeUnit.MILLISECONDS)) {
                if (put.isDone()) {
                    throw failure();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    private IOException failure() {
        try {
            Io.await(put);
            return new IOException("the store reported an object as stored before all of it was read");
        } catch (IOException e) {
            return e;
        }
    }

    /** Completes the object and waits until it is durable. */
    public Written finish() throws IOException {
        if (filled > 0) {
            endFrame();
        }
        FutureTask<Frame> end = new FutureTask<>(() -> END);
        end.run();
        enqueue(end);
        ObjectInfo info = Io.await(put);
        return new Written(table.build(), info.length(), Digests.hex(digest.digest()));
    }

    /** Aborts: nothing is stored. Returns when the put has ended. Has no effect after {@link #finish}. */
    public void abort() {
        aborted = true;
        boolean interrupted = false;
        while (!put.isDone()) {
            try {
                put.get(50, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                // The put is expected to fail, since the stream checks the flag.
                continue;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The stream that the store reads: frames in order. Builds the table as they pass. */
    private final class FrameStream extends BulkInputStream {
        private byte[] current = new byte[0];
        private int at;
        private boolean ended;

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            if (len == 0) {
                return 0;
            }
            while (at == current.length) {
                if (ended) {
                    return -1;
                }
                advance();
            }
            int n = Math.min(len, current.length - at);
            System.arraycopy(current, at, b, off, n);
            at += n;
            stored.addAndGet(n);
            return n;
        }

        private void advance() throws IOException {
            Frame frame = next();
            at = 0;
            if (frame.plainLength == 0) {
                ended = true;
                current = codec.epilogue(table.build());
            } else {
                table.add(frame.bytes.length, frame.plainLength, frame.checksum);
                current = frame.bytes;
            }
            digest.update(current);
        }

        private Frame next() throws IOException {
            try {
                while (true) {
                    if (aborted) {
                        throw new IOException("the archive was aborted");
                    }
                    Future<Frame> head = queue.poll(50, TimeUnit.MILLISECONDS);
                    if (head != null) {
                        return Io.await(head);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            }
        }
    }
}
