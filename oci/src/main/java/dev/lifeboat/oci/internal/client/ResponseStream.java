package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The body of a response as a stream that ends with a time-out if nothing comes for some time, and which is
 * interruptible. The JDK's own waits for ever.
 */
final class ResponseStream extends BulkInputStream implements BodySubscriber<InputStream> {
    private final Duration limit;
    private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();
    private final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();
    private final Queue<ByteBuffer> buffers = new ArrayDeque<>();
    private volatile boolean closed;
    private boolean ended;

    /** Some bytes, or the end of the body, or its failure. */
    private record Item(
            List<ByteBuffer> bytes, boolean end, @Nullable Throwable failure) {}

    ResponseStream(Duration limit) {
        this.limit = limit;
    }

    @Override
    public CompletionStage<InputStream> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription newSubscription) {
        if (closed || !subscription.compareAndSet(null, newSubscription)) {
            newSubscription.cancel();
            return;
        }
        newSubscription.request(1);
        if (closed) {
            newSubscription.cancel();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        items.add(new Item(bytes, false, null));
    }

    @Override
    public void onError(Throwable failure) {
        items.add(new Item(List.of(), true, failure));
    }

    @Override
    public void onComplete() {
        items.add(new Item(List.of(), true, null));
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (len == 0) {
            return 0;
        }
        while (true) {
            ByteBuffer next = buffers.peek();
            if (next != null && next.hasRemaining()) {
                int n = Math.min(len, next.remaining());
                next.get(b, off, n);
                return n;
            }
            if (next != null) {
                buffers.remove();
                continue;
            }
            if (ended) {
                return -1;
            }
            receive();
        }
    }

    private void receive() throws IOException {
        if (closed) {
            throw new IOException("the response is closed");
        }
        Item item;
        try {
            item = items.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        if (item == null) {
            close();
            throw new SocketTimeoutException("nothing was received for " + limit.toSeconds() + " seconds");
        }
        if (item.failure() != null) {
            throw item.failure() instanceof IOException io ? new IOException(io.getMessage(), io) : failed(item);
        }
        ended = item.end();
        buffers.addAll(item.bytes());
        Flow.Subscription current = subscription.get();
        if (!ended && current != null) {
            current.request(1);
        }
    }

    private static IOException failed(Item item) {
        return new IOException("the response was broken off", item.failure());
    }

    /** Ends the transfer; the connection is not used again unless the body was read to its end. */
    @Override
    public void close() {
        closed = true;
        Flow.Subscription current = subscription.get();
        if (!ended && current != null) {
            current.cancel();
        }
    }
}
