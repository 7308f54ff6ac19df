package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A blob of a registry, or a part of it. If the connection breaks, the rest is requested from where it broke. The
 * length of the blob is checked, its digest is not.
 */
final class BlobStream extends BulkInputStream {
    /** So much progress earns the time for further retries. */
    private static final long RENEW_BYTES = 1 << 20;

    private final Exchange exchange;
    private final Exchange.Call call;
    private final long size;
    private final long end;
    private long at;
    private long renewedAt;
    private Retry retry;
    private @Nullable Response response;

    /**
     * Creates a stream.
     *
     * @param size of the blob
     * @param from where the part begins
     * @param end where it ends
     */
    BlobStream(Exchange exchange, Exchange.Call call, long size, long from, long end) {
        this.exchange = exchange;
        this.call = call;
        this.size = size;
        this.end = end;
        this.at = from;
        this.renewedAt = from;
        this.retry = exchange.newRetry();
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (len == 0) {
            return 0;
        }
        if (end < size && at == end) {
            return -1;
        }
        // Of the whole blob one more byte is read, to see that it has no more.
        int wanted = end < size ? (int) Math.min(len, end - at) : len;
        while (true) {
            Io.checkInterrupt();
            try {
                int n = current().body().read(b, off, wanted);
                if (n < 0 && at < end) {
                    throw new IOException("it ended after " + at + " of " + end + " bytes");
                }
                if (n > 0) {
                    advance(n);
                }
                return n;
            } catch (IOException e) {
                close();
                exchange.pauseOrThrow(retry, call.label(), e);
            }
        }
    }

    private void advance(int n) throws IOException {
        at += n;
        if (at - renewedAt >= RENEW_BYTES) {
            renewedAt = at;
            retry = exchange.newRetry();
        }
        if (at > size) {
            throw wrongSize(at + " or more");
        }
    }

    private RegistryException wrongSize(String found) {
        return new RegistryException(
                RegistryException.Kind.DAMAGED,
                call.label() + ": it has " + found + " bytes, and " + size + " in its manifest");
    }

    private Response current() throws IOException {
        if (response == null) {
            response = open();
        }
        return response;
    }

    private Response open() throws IOException {
        boolean whole = at == 0 && end == size;
        Response opened =
                exchange.once(whole ? call : call.with("Range", "bytes=" + at + "-" + (end == size ? "" : end - 1)));
        boolean usable = false;
        try {
            if (!opened.isSuccess()) {
                throw opened.failure();
            }
            boolean rest = opened.status() == 206
                    && opened.header("Content-Range")
                            .filter(range -> range.startsWith("bytes " + at + "-"))
                            .isPresent();
            if (opened.status() != 200 && !rest) {
                throw new RegistryException(
                        RegistryException.Kind.REFUSED,
                        call.label() + ": status " + opened.status() + " with another range than was requested");
            }
            long left = rest ? end - at : size;
            String length = opened.header("Content-Length").orElse("");
            if (!length.isEmpty() && !length.equals(Long.toString(left))) {
                throw wrongSize(rest ? length + " after the first " + at : length);
            }
            if (!rest) {
                opened.body().skipNBytes(at);
            }
            usable = true;
            return opened;
        } finally {
            if (!usable) {
                opened.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (response != null) {
            response.close();
            response = null;
        }
    }
}
