package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.time.Duration;

/**
 * Ends requests that an engine does not answer in time, and streams that stall: connections to unix sockets have no
 * time limit of their own. Not for requests whose body is a stream: the time in which that is provided would count.
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
                response = delegate.execute(request);
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
        return new WatchedResponse(response, new Watch(limit, response::close));
    }

    /** Clears the interrupt flag, which the watch has set. */
    private static RuntimeException timeOut(Exception cause) {
        Thread.interrupted();
        return new RuntimeException(WatchedStream.timeOut(cause));
    }

    @Override
    public void close() throws IOException {
        delegate.close();
    }
}
