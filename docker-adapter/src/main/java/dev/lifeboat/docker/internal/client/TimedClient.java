package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Ends requests that an engine does not answer in time, and streams that stall. The time in which the caller provides
 * the body of a request does not count. Connections to unix sockets have no time limit of their own.
 */
final class TimedClient implements DockerHttpClient {
    private final DockerHttpClient delegate;
    private final Duration limit;

    /** Decorates a client, which is closed with this one. */
    TimedClient(DockerHttpClient delegate, Duration limit) {
        this.delegate = delegate;
        this.limit = limit;
    }

    @Override
    public Response execute(Request request) {
        // An interrupt ends what waits for a unix socket. There is no other way as long as there is no response.
        Thread caller = Thread.currentThread();
        try (Watch watch = new Watch(limit, caller::interrupt)) {
            watch.waits();
            Response response;
            try {
                response = delegate.execute(watched(request, watch));
            } catch (RuntimeException e) {
                throw watch.goesOn() ? timeOut(e) : e;
            }
            if (watch.goesOn()) {
                response.close();
                throw timeOut(new IOException("the answer came too late"));
            }
            return timed(response, limit);
        }
    }

    /** Returns a response whose body is a time-out if it stalls. */
    static Response timed(Response response, Duration limit) {
        return new TimedResponse(response, limit);
    }

    /** Clears the interrupt flag, which the watch has set. */
    private static RuntimeException timeOut(Exception cause) {
        Thread.interrupted();
        return new RuntimeException(WatchedStream.timeOut(cause));
    }

    private static Request watched(Request request, Watch watch) {
        InputStream body = request.body();
        if (body == null || request.bodyBytes() != null) {
            return request;
        }
        return Request.builder()
                .from(request)
                .body(new FilterInputStream(body) {
                    @Override
                    public int read(byte[] bytes, int offset, int length) throws IOException {
                        watch.goesOn();
                        try {
                            return super.read(bytes, offset, length);
                        } finally {
                            watch.waits();
                        }
                    }
                })
                .build();
    }

    @Override
    public void close() throws IOException {
        delegate.close();
    }

    private static final class TimedResponse implements Response {
        private final Response response;
        private final Watch watch;

        TimedResponse(Response response, Duration limit) {
            this.response = response;
            this.watch = new Watch(limit, response::close);
        }

        @Override
        public int getStatusCode() {
            return response.getStatusCode();
        }

        @Override
        public Map<String, List<String>> getHeaders() {
            return response.getHeaders();
        }

        @Override
        public InputStream getBody() {
            return new WatchedStream(response.getBody(), watch);
        }

        @Override
        public void close() {
            watch.close();
            response.close();
        }
    }
}
