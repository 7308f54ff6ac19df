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
 * Writes one object as frames: the caller fills a frame, threads of the executor compress frames side by side, one more puts them in
 * order. What is between is bounded: {@code parallelism + 2} frames. Nothing counts before {@link #finish} returned. One writing thread
 * at a time.
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

    /** A compressed frame; one of no plain bytes marks the end. */
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

    /** The object is whole. */
    public record Written(FrameTable table, long length, String sha256) {}

    /** Starts to put an object that must not be there. */
    public FrameWriter(FormatContext context, ObjectKey key, FrameCodec codec) {
        this.context = context;
        this.codec = codec;
        queue = new ArrayBlockingQueue<>(context.parallelism() + 2);
        put = new FutureTask<>(
                () -> context.storage().put(key, Content.once(new FrameStream()), PutCondition.IF_ABSENT));
        context.executor().execute(put);
    }

    /** Plain bytes written so far. */
    public long position() {
        return position;
    }

    /** Bytes put so far. Any thread. */
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
                // Whoever waits for the frame is told.
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
            return new IOException("the store took an object as whole that was not yet written");
        } catch (IOException e) {
            return e;
        }
    }

    /** Ends the object and waits until it is durable. */
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

    /** Gives up: nothing is stored. Returns when the put has ended. Harmless after {@link #finish}. */
    public void abort() {
        aborted = true;
        boolean interrupted = false;
        while (!put.isDone()) {
            try {
                put.get(50, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                // Failing is what it should do; the stream looks at the flag.
                continue;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the store reads: frames in order, and the table as they pass. */
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
                        throw new IOException("the archive was given up");
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
