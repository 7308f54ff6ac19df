package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.transport.SSLConfig;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Opens connections to an engine. Closing it ends what carries them. */
public interface Transport extends Closeable {
    /** A connection is held as long as its response is read. */
    int MAX_CONNECTIONS = 16;

    /** Those without a time limit are held by commands that run for as long as a backup does, one for each database. */
    int MAX_PATIENT_CONNECTIONS = 1000;

    /**
     * Returns a client, which the caller closes.
     *
     * @param patience time limit of a response, and of a pause within it; empty for none
     */
    DockerHttpClient connect(Optional<Duration> patience) throws IOException;

    @Override
    default void close() throws IOException {}

    /** To a unix socket, a named pipe, or TCP, with TLS or without. */
    static Transport to(URI uri, @Nullable SSLConfig tls) {
        return patience -> {
            WireLog.keepOff();
            DockerHttpClient client = new ApacheDockerHttpClient.Builder()
                    .dockerHost(uri)
                    .sslConfig(tls)
                    .maxConnections(patience.isEmpty() ? MAX_PATIENT_CONNECTIONS : MAX_CONNECTIONS)
                    .connectionTimeout(Duration.ofSeconds(10))
                    .responseTimeout(patience.orElse(null))
                    .build();
            return patience.isEmpty() ? client : new TimedClient(client, patience.get());
        };
    }

    /** Through a client of the caller, which is not closed, and whose time limits apply. */
    static Transport through(DockerHttpClient client) {
        return patience -> new DockerHttpClient() {
            @Override
            public Response execute(Request request) {
                return client.execute(request);
            }

            @Override
            public void close() {
                // It belongs to the caller.
            }
        };
    }
}
