package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.transport.SSLConfig;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Opens connections to an engine. Closing it ends what carries them. */
public interface Transport extends Closeable {
    /**
     * Returns a client, which the caller closes.
     *
     * @param patience time limit of a response
     */
    DockerHttpClient connect(Duration patience) throws IOException;

    @Override
    default void close() throws IOException {}

    /** To a unix socket, a named pipe, or TCP, with TLS or without. */
    static Transport to(URI uri, @Nullable SSLConfig tls) {
        return patience -> new ApacheDockerHttpClient.Builder()
                .dockerHost(uri)
                .sslConfig(tls)
                .maxConnections(16)
                .connectionTimeout(Duration.ofSeconds(10))
                .responseTimeout(patience)
                .build();
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
