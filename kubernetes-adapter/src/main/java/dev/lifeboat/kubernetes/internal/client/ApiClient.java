package dev.lifeboat.kubernetes.internal.client;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.ClusterInfo;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.model.GoJson;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Requests to an API server. Answers are JSON as the server sent it, with every field. Thread-safe; an interrupted call
 * throws {@link InterruptedIOException}.
 */
public final class ApiClient implements AutoCloseable {
    /** How long the server may take to begin an answer. */
    private static final long ANSWER_SECONDS = 60;

    /** The maximum length of an answer that is no list: etcd stores no object of more than some megabytes. */
    private static final int MAX_ANSWER_BYTES = 64 << 20;

    private final HttpClient http;
    private final URI server;
    private final boolean owned;
    private volatile @Nullable String identity;
    private volatile boolean answers;

    /**
     * Creates a client. It sends requests again by itself.
     *
     * @param http which does not
     * @param owned whether to close the connections with this client
     */
    public ApiClient(HttpClient http, URI server, boolean owned) {
        this.http = http;
        this.server = server;
        this.owned = owned;
    }

    /** What reads an answer. */
    @FunctionalInterface
    public interface Reader<T> {
        /** Reads the answer; does not close it. */
        T read(InputStream in) throws IOException;
    }

    /** A failure of who reads an answer, and not of the server: it is thrown on as it is. */
    static final class Passed extends IOException {
        private static final long serialVersionUID = 1;

        private final IOException original;

        Passed(IOException original) {
            super(original);
            this.original = original;
        }
    }

    /** Encodes a part of a path or a query. */
    public static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    public URI server() {
        return server;
    }

    /**
     * Returns what tells this cluster from others: its address may be another's later, such as one on this machine. The
     * identity of the namespace that every cluster has; the address, if that may not be read.
     */
    public String identity() throws IOException {
        String known = identity;
        if (known == null) {
            try {
                known = find("/api/v1/namespaces/kube-system", "look at the cluster")
                        .map(KubernetesObject::of)
                        .map(ApiClient::uid)
                        .orElse(server.toString());
            } catch (KubernetesException e) {
                if (e.kind() != Kind.FORBIDDEN) {
                    throw e;
                }
                known = server.toString();
            }
            identity = known;
        }
        return known;
    }

    private static String uid(KubernetesObject object) {
        try {
            return object.uid();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks the server what it is. */
    public ClusterInfo info() throws IOException {
        JsonObject version = get("/version", "ask for the version");
        return new ClusterInfo(
                server.toString(),
                version.string("gitVersion"),
                version.optionalString("platform").orElse(""));
    }

    /** Reads an object. */
    public JsonObject get(String path, String what) throws IOException {
        return read(path, what, in -> json(in, what));
    }

    /** Reads an object; empty if there is none. */
    public Optional<JsonObject> find(String path, String what) throws IOException {
        try {
            return Optional.of(get(path, what));
        } catch (KubernetesException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Reads an answer of any length. */
    public <T> T read(String path, String what, Reader<T> reader) throws IOException {
        return exchange(http.newHttpRequestBuilder(), true, path, what, reader);
    }

    /** Creates an object; returns it as the server has it. */
    public JsonObject post(String path, JsonObject body, String what) throws IOException {
        return send("POST", "application/json", path, body, what);
    }

    /** Replaces an object; returns it as the server has it. */
    public JsonObject put(String path, JsonObject body, String what) throws IOException {
        return send("PUT", "application/json", path, body, what);
    }

    /** Changes members of an object: those that are null are removed (RFC 7386). */
    public JsonObject merge(String path, JsonObject body, String what) throws IOException {
        return send("PATCH", "application/merge-patch+json", path, body, what);
    }

    /** Server-side apply: the server merges the object, and takes the fields over for our manager. */
    public JsonObject apply(String path, JsonObject body, String what) throws IOException {
        return send("PATCH", "application/apply-patch+yaml", path, body, what);
    }

    /** Deletes an object; nothing happens if there is none. */
    public void delete(String path, JsonObject options, String what) throws IOException {
        try {
            var unused = send("DELETE", "application/json", path, options, what);
        } catch (KubernetesException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private JsonObject send(String method, String type, String path, JsonObject body, String what) throws IOException {
        String text = new String(GoJson.encode(body.members()), StandardCharsets.UTF_8);
        HttpRequest.Builder request = http.newHttpRequestBuilder().method(method, type, text);
        return exchange(request, method.equals("DELETE"), path, what, in -> json(in, what));
    }

    private <T> T exchange(HttpRequest.Builder request, boolean repeatable, String path, String what, Reader<T> reader)
            throws IOException {
        HttpRequest built = request.uri(URI.create(base() + path))
                .header("Accept", "application/json")
                .timeout(ANSWER_SECONDS, TimeUnit.SECONDS)
                .build();
        HttpResponse<InputStream> response = respond(built, repeatable, what);
        try (InputStream in = response.body()) {
            if (response.code() >= 300) {
                throw failure(response.code(), in, what);
            }
            return reader.read(in);
        } catch (Passed e) {
            throw e.original;
        } catch (KubernetesException | InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            Io.checkInterrupt();
            throw new KubernetesException(
                    Kind.UNREACHABLE, "cannot " + what + ": " + server + " ended its answer: " + e.getMessage(), e);
        }
    }

    /** A server that has never answered may not be there: that is said at once. */
    private HttpResponse<InputStream> respond(HttpRequest request, boolean repeatable, String what) throws IOException {
        Retries retries = new Retries(repeatable);
        while (true) {
            HttpResponse<InputStream> response;
            try {
                response = await(http.sendAsync(request, InputStream.class), what);
            } catch (KubernetesException e) {
                if (answers && retries.again(e)) {
                    continue;
                }
                throw e;
            }
            answers = true;
            if (response.code() < 300 || !retries.again(response.code(), response.header("Retry-After"))) {
                return response;
            }
            response.body().close();
        }
    }

    private String base() {
        String text = server.toString();
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    HttpClient http() {
        return http;
    }

    /** Waits for what the client does; an interrupt cancels it. */
    <T> T await(CompletableFuture<T> answer, String what) throws IOException {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted: " + what);
            interrupted.initCause(e);
            throw interrupted;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new KubernetesException(
                    Kind.UNREACHABLE,
                    "cannot " + what + ": " + server + " does not answer: " + cause
                            + ". Is the cluster up, and the kubeconfig the right one?",
                    cause);
        }
    }

    private static JsonObject json(InputStream in, String what) throws IOException {
        byte[] bytes = in.readNBytes(MAX_ANSWER_BYTES + 1);
        if (bytes.length > MAX_ANSWER_BYTES) {
            throw new KubernetesException(
                    Kind.REFUSED, "cannot " + what + ": the answer has over " + MAX_ANSWER_BYTES + " bytes");
        }
        return JsonObject.parse(bytes, "the answer to: " + what);
    }

    /** The server explains itself by an object of kind Status. */
    private KubernetesException failure(int code, InputStream in, String what) throws IOException {
        String text = new String(in.readNBytes(1 << 16), StandardCharsets.UTF_8);
        String message = text.strip();
        try {
            JsonObject status = JsonObject.parse(text.getBytes(StandardCharsets.UTF_8), "status");
            message = status.optionalString("message").orElse(message);
        } catch (IOException e) {
            // Something in between has answered, such as a proxy: what it says is all there is.
            message = message.length() > 300 ? message.substring(0, 300) + ".." : message;
        }
        return new KubernetesException(
                kind(code), "cannot " + what + ": " + server + " answers " + code + ": " + message);
    }

    private static Kind kind(int code) {
        return switch (code) {
            case 401 -> Kind.UNAUTHORIZED;
            case 403 -> Kind.FORBIDDEN;
            case 404 -> Kind.NOT_FOUND;
            case 409 -> Kind.CONFLICT;
            case 410 -> Kind.EXPIRED;
            case 400, 422 -> Kind.INVALID;
            case 502, 503, 504 -> Kind.UNREACHABLE;
            default -> Kind.REFUSED;
        };
    }

    @Override
    public void close() {
        if (owned) {
            http.close();
        }
    }
}
