package dev.lifeboat.kubernetes.internal.client;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A server whose faults a test decides, which a real API server does not show when asked to; and a client of it. */
final class ScriptedServer implements BeforeEachCallback, AfterEachCallback {
    private final HttpHandler answers;
    private HttpServer server;
    private int port;
    private ApiClient client;

    ScriptedServer(HttpHandler answers) {
        this.answers = answers;
    }

    ApiClient client() {
        return client;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        server = start(0);
        port = server.getAddress().getPort();
        URI address = URI.create("http://127.0.0.1:" + port);
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(address.toString())
                .withRequestRetryBackoffLimit(0)
                .build();
        client = new ApiClient(
                HttpClientUtils.getHttpClientFactory().newBuilder(config).build(), address, true);
    }

    private HttpServer start(int at) {
        try {
            HttpServer started = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), at), 0);
            started.createContext("/", answers);
            started.start();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void stop() {
        server.stop(0);
    }

    /** Starts it again, at the same address. */
    void restart() {
        server = start(port);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        client.close();
        server.stop(0);
    }
}
