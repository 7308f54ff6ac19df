package dev.lifeboat.oci.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stands before a registry: notes what is requested, and responds in its place where a test wants it. */
public final class RegistryProxy implements AutoCloseable {
    private static final Set<String> HOP = Set.of("connection", "content-length", "transfer-encoding", "host");

    private final String target;
    private final HttpServer server;
    private final ExecutorService threads;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private volatile Fault fault = exchange -> false;

    /** Responds in place of the registry. */
    public interface Fault {
        /** Returns false to leave the response to the registry. */
        boolean respond(HttpExchange exchange) throws IOException;
    }

    /**
     * Starts one.
     *
     * @param target such as {@code http://127.0.0.1:5000}
     */
    public RegistryProxy(String target) throws IOException {
        this.target = target;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        this.threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "registry-proxy");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** The address, such as {@code 127.0.0.1:5000}. */
    public String name() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** The address with its scheme. */
    public String url() {
        return "http://" + name();
    }

    /** Sets what responds in place of the registry. */
    public void setFault(Fault newFault) {
        fault = newFault;
    }

    /** What was requested so far, such as {@code GET /v2/}. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /** The credentials that were shown to it so far. */
    public List<String> authorizations() {
        return List.copyOf(authorizations);
    }

    /** Forgets what was requested. */
    public void clear() {
        requests.clear();
        authorizations.clear();
    }

    /** Responds with a status and a body. */
    public static void respond(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            if (authorization != null) {
                authorizations.add(authorization);
            }
            if (!fault.respond(exchange)) {
                forward(exchange);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void forward(HttpExchange exchange) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI()));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        long bytes = length == null ? 0 : Long.parseLong(length);
        InputStream body = exchange.getRequestBody();
        request.method(
                exchange.getRequestMethod(),
                bytes == 0
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.fromPublisher(
                                HttpRequest.BodyPublishers.ofInputStream(() -> body), bytes));
        HttpResponse<InputStream> response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        response.headers().map().forEach((name, values) -> {
            if (!HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> exchange.getResponseHeaders().add(name, value.replace(target, url())));
            }
        });
        long size = response.headers().firstValueAsLong("Content-Length").orElse(0);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Long.toString(size));
            exchange.sendResponseHeaders(response.statusCode(), -1);
            return;
        }
        exchange.sendResponseHeaders(response.statusCode(), size == 0 ? -1 : size);
        try (InputStream in = response.body();
                OutputStream out = exchange.getResponseBody()) {
            in.transferTo(out);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
