package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.io.Io;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;

/**
 * Sends requests over the JDK's client, which has no time-out for a body: a request ends with a time-out if neither
 * side sends anything for some time. Follows no redirects. Its threads are daemons. Thread-safe.
 */
final class Transport {
    private static final Duration CONNECT = Duration.ofSeconds(15);
    /** A registry computes the digest of a layer before it responds. */
    private static final int UPLOAD_FACTOR = 5;

    private final HttpClient client;
    private final Duration limit;

    Transport(Optional<SSLContext> tls, Duration limit) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT);
        tls.ifPresent(builder::sslContext);
        this.client = builder.build();
        this.limit = limit;
    }

    /**
     * Sends a request once.
     *
     * @param label what is requested, for messages
     * @throws IOException if no response comes
     */
    Response send(String label, HttpRequest.Builder request, String method, Optional<Body> body) throws IOException {
        Io.checkInterrupt();
        AtomicLong moved = new AtomicLong(System.nanoTime());
        request.method(
                method,
                body.isPresent() && body.get().length() > 0
                        ? publisher(body.get(), moved)
                        : HttpRequest.BodyPublishers.noBody());
        HttpRequest built = request.build();
        Duration patience = body.isPresent() ? limit.multipliedBy(UPLOAD_FACTOR) : limit;
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(built, head -> new ResponseStream(limit));
        boolean answered = false;
        try {
            HttpResponse<InputStream> response =
                    await(answer, moved, patience, built.uri().getHost());
            answered = true;
            return new Response(label, built.uri(), response.statusCode(), response.headers(), response.body());
        } finally {
            if (!answered) {
                answer.cancel(true);
            }
        }
    }

    private static HttpResponse<InputStream> await(
            CompletableFuture<HttpResponse<InputStream>> answer, AtomicLong moved, Duration patience, String host)
            throws IOException {
        while (true) {
            try {
                return answer.get(1, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                if (System.nanoTime() - moved.get() > patience.toNanos()) {
                    throw new SocketTimeoutException("no response for " + patience.toSeconds() + " seconds");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof ConnectException refused && refused.getMessage() == null) {
                    throw refused.getCause() != null
                                            && refused.getCause().getCause() instanceof UnresolvedAddressException
                                    || refused.getCause() instanceof UnresolvedAddressException
                            ? new UnknownHostException(host)
                            : new ConnectException("connection refused");
                }
                throw Io.unwrap(e);
            }
        }
    }

    private static HttpRequest.BodyPublisher publisher(Body body, AtomicLong moved) {
        return HttpRequest.BodyPublishers.fromPublisher(
                HttpRequest.BodyPublishers.ofInputStream(() -> {
                    try {
                        return new Watched(body.open(), moved);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }),
                body.length());
    }

    /** Notes when something was sent. */
    private static final class Watched extends FilterInputStream {
        private final AtomicLong moved;

        Watched(InputStream in, AtomicLong moved) {
            super(in);
            this.moved = moved;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            moved.set(System.nanoTime());
            return super.read(b, off, len);
        }
    }
}
