package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient.Request;
import com.github.dockerjava.transport.DockerHttpClient.Response;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP client of an engine. Requests and responses are handled as JSON, so that fields unknown to this library are not
 * lost. The version of the API is negotiated with the first request. Thread-safe.
 */
public final class EngineClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EngineClient.class);
    private static final int NOT_MODIFIED = 304;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    /**
     * Time limit of a response: longer than a stop that waits for its container, and than an engine with a busy disk
     * takes.
     */
    private static final Duration ANSWER = Duration.ofMinutes(10);

    private static final int MAX_JSON_BYTES = 256 << 20;
    private static final int MAX_TEXT_BYTES = 1 << 20;

    private final URI uri;
    private final Transport transport;
    private final Duration patience;
    private final DockerHttpClient http;
    private final PatientClient patient;
    private final Deque<Closeable> dependents = new ConcurrentLinkedDeque<>();
    private volatile @Nullable Negotiation negotiation;
    private volatile @Nullable EngineInfo info;
    private volatile boolean closed;

    /** Connects to an engine; nothing is sent yet. */
    public EngineClient(URI uri, Transport transport) throws IOException {
        this(uri, transport, ANSWER);
    }

    /** Connects with another time limit for responses. */
    EngineClient(URI uri, Transport transport, Duration patience) throws IOException {
        this.uri = uri;
        this.transport = transport;
        this.patience = patience;
        this.http = transport.connect(Optional.of(patience));
        this.patient = new PatientClient(transport, patience, this::answers);
    }

    /** Returns whether the engine answers at all. */
    private boolean answers() {
        Request ping =
                Request.builder().method(Request.Method.GET).path("/_ping").build();
        Duration limit = patience.compareTo(CONNECT) < 0 ? patience : CONNECT;
        try (DockerHttpClient impatient = transport.connect(Optional.of(limit));
                Response response = impatient.execute(ping)) {
            response.getBody().readNBytes(MAX_TEXT_BYTES);
            return true;
        } catch (IOException | RuntimeException e) {
            log.debug("the engine does not answer [uri={}, cause={}]", uri, e.toString());
            return false;
        }
    }

    /**
     * Negotiates the version of the API before the first call. An engine may be slow to stop a container, but not to
     * tell its version.
     */
    private Negotiation negotiation(String what) throws IOException {
        Negotiation known = negotiation;
        if (known != null) {
            return known;
        }
        Request version =
                Request.builder().method(Request.Method.GET).path("/version").build();
        try (DockerHttpClient impatient = transport.connect(Optional.of(CONNECT))) {
            byte[] answer = body(impatient, version, what, MAX_TEXT_BYTES);
            Negotiation made = new Negotiation(JsonObject.parse(answer, "answer to: ask the engine for its version"));
            negotiation = made;
            return made;
        } catch (DamagedException e) {
            throw new DockerException(
                    DockerException.Kind.UNSUPPORTED,
                    "cannot " + what + ": what answers at " + uri + " is no container engine (" + e.getMessage() + ")",
                    e);
        }
    }

    /** Returns what the engine is; it is asked once. */
    public EngineInfo info() throws IOException {
        EngineInfo known = info;
        if (known == null) {
            String what = "ask the engine about itself";
            JsonObject answer = get("/info", what);
            known = negotiation(what).info(answer);
            info = known;
        }
        return known;
    }

    private static IOException cause(RuntimeException e) {
        return e.getCause() instanceof IOException io ? io : new IOException(String.valueOf(e.getMessage()), e);
    }

    public URI uri() {
        return uri;
    }

    /** Percent-encodes one path segment or parameter. */
    public static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Gets an object. {@code what} is used in messages: "inspect container web". */
    public JsonObject get(String path, String what) throws IOException {
        return JsonObject.parse(bytes(http, Request.Method.GET, path, null, what), "answer to: " + what);
    }

    /** Gets a list of objects. */
    public java.util.List<JsonObject> getList(String path, String what) throws IOException {
        byte[] answer = bytes(http, Request.Method.GET, path, null, what);
        byte[] open = "{\"list\":".getBytes(StandardCharsets.US_ASCII);
        byte[] wrapped = new byte[open.length + answer.length + 1];
        System.arraycopy(open, 0, wrapped, 0, open.length);
        System.arraycopy(answer, 0, wrapped, open.length, answer.length);
        wrapped[wrapped.length - 1] = '}';
        return JsonObject.parse(wrapped, "answer to: " + what).objects("list");
    }

    /** Gets an object that may not exist. */
    public Optional<JsonObject> find(String path, String what) throws IOException {
        try {
            return Optional.of(get(path, what));
        } catch (DockerException e) {
            if (e.kind() == DockerException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Posts an object and returns the response; an empty object if the response has no body. It is waited for as long
     * as the engine answers to others: an image of a large container takes its time, and so does the copy of what an
     * image has at the place of a volume.
     */
    public JsonObject post(String path, @Nullable JsonObject body, String what) throws IOException {
        byte[] answer = bytes(patient, Request.Method.POST, path, body == null ? new byte[0] : body.toBytes(), what);
        return answer.length == 0 ? JsonObject.create() : JsonObject.parse(answer, "answer to: " + what);
    }

    /** Posts an object and ignores what the engine answers to a success: not every engine answers with JSON. */
    public void act(String path, @Nullable JsonObject body, String what) throws IOException {
        bytes(http, Request.Method.POST, path, body == null ? new byte[0] : body.toBytes(), what);
    }

    /**
     * Posts a change of state, which is waited for as long as the engine answers to others: the end of a container may
     * take as long as the container likes. Returns false if the engine answers that the state was so already.
     */
    public boolean change(String path, String what) throws IOException {
        Request request = Request.builder()
                .method(Request.Method.POST)
                .path(path)
                .putHeader("Content-Type", "application/json")
                .bodyBytes(new byte[0])
                .build();
        try (Response response = execute(patient, versioned(request, what), what)) {
            return response.getStatusCode() != NOT_MODIFIED;
        }
    }

    /** Deletes something, which is waited for as long as the engine answers to others: it may be many files. */
    public void delete(String path, String what) throws IOException {
        bytes(patient, Request.Method.DELETE, path, null, what);
    }

    /**
     * Sends a stream to its end and returns the output of the engine, which is waited for as long as the engine answers
     * to others.
     */
    public String send(Request.Method method, String path, InputStream body, String what) throws IOException {
        Request request = Request.builder()
                .method(method)
                .path(path)
                .putHeader("Content-Type", "application/x-tar")
                .body(body)
                .build();
        return new String(body(patient, versioned(request, what), what, MAX_TEXT_BYTES), StandardCharsets.UTF_8);
    }

    /** Opens a stream. The caller closes it, which ends the request. */
    public InputStream open(String path, String what) throws IOException {
        Request request =
                Request.builder().method(Request.Method.GET).path(path).build();
        return stream(execute(request, what), what);
    }

    /**
     * Opens a stream that the engine prepares for as long as it takes. The caller closes it, which ends the request.
     */
    public InputStream openPatiently(String path, String what) throws IOException {
        Request request =
                Request.builder().method(Request.Method.GET).path(path).build();
        Response response = execute(patient, versioned(request, what), what);
        return stream(TimedClient.timed(response, patience), what);
    }

    /**
     * Posts an object and opens what follows as a stream in both directions, which may pause for as long as the engine
     * answers to others. The caller closes it, which ends the request.
     *
     * @param input what is sent after the object, until its end; null if nothing is
     */
    public InputStream open(String path, JsonObject body, @Nullable InputStream input, String what) throws IOException {
        Request.Builder request = Request.builder()
                .method(Request.Method.POST)
                .path(path)
                .putHeader("Content-Type", "application/json")
                .bodyBytes(body.toBytes());
        if (input != null) {
            request.hijackedInput(input);
        }
        return stream(execute(patient, versioned(request.build(), what), what), what);
    }

    private InputStream stream(Response response, String what) {
        return new FilterInputStream(response.getBody()) {
            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                try {
                    return super.read(b, off, len);
                } catch (IOException e) {
                    throw failed(what, e);
                }
            }

            @Override
            public void close() {
                // The response is closed before the body: closing the body first would read the rest of it.
                response.close();
            }
        };
    }

    private byte[] bytes(DockerHttpClient over, Request.Method method, String path, byte @Nullable [] body, String what)
            throws IOException {
        Request.Builder request = Request.builder().method(method).path(path);
        if (body != null) {
            request.putHeader("Content-Type", "application/json").bodyBytes(body);
        }
        byte[] answer = body(over, versioned(request.build(), what), what, MAX_JSON_BYTES + 1);
        if (answer.length > MAX_JSON_BYTES) {
            throw new DockerException(
                    DockerException.Kind.REFUSED,
                    "cannot " + what + ": the answer is over " + MAX_JSON_BYTES + " bytes");
        }
        return answer;
    }

    /** Executes a request and reads the body of the response. */
    private byte[] body(DockerHttpClient over, Request request, String what, int maxBytes) throws IOException {
        try (Response response = execute(over, request, what)) {
            try (InputStream in = response.getBody()) {
                return in.readNBytes(maxBytes);
            } catch (IOException e) {
                throw failed(what, e);
            }
        }
    }

    private Response execute(Request request, String what) throws IOException {
        return execute(http, versioned(request, what), what);
    }

    private Request versioned(Request request, String what) throws IOException {
        String prefix = "/v" + negotiation(what).apiVersion();
        return Request.builder().from(request).path(prefix + request.path()).build();
    }

    private Response execute(DockerHttpClient over, Request request, String what) throws IOException {
        Response response;
        try {
            response = over.execute(request);
        } catch (RuntimeException e) {
            throw failed(what, cause(e));
        }
        int status = response.getStatusCode();
        if (status < 400) {
            return response;
        }
        try (response;
                InputStream in = response.getBody()) {
            String detail;
            try {
                detail = message(in.readNBytes(1 << 16));
            } catch (IOException e) {
                throw failed(what, e);
            }
            throw new DockerException(
                    kind(status), "cannot " + what + " on " + uri + ": " + detail + " (HTTP " + status + ")");
        }
    }

    private static DockerException.Kind kind(int status) {
        return status == 404
                ? DockerException.Kind.NOT_FOUND
                : status == 409 ? DockerException.Kind.CONFLICT : DockerException.Kind.REFUSED;
    }

    private static String message(byte[] body) {
        try {
            return JsonObject.parse(body, "error").string("message").strip();
        } catch (IOException e) {
            return new String(body, StandardCharsets.UTF_8).strip();
        }
    }

    private IOException failed(String what, IOException cause) {
        if (closed) {
            return new DockerException(
                    DockerException.Kind.UNREACHABLE, "cannot " + what + ": this Docker object is closed", cause);
        }
        if (Thread.currentThread().isInterrupted() || Io.isInterruption(cause)) {
            InterruptedIOException interrupted = new InterruptedIOException("interrupted: " + what);
            interrupted.initCause(cause);
            return interrupted;
        }
        // It may be another one when it is back.
        negotiation = null;
        info = null;
        return new DockerException(
                DockerException.Kind.UNREACHABLE,
                "cannot " + what + ": no engine answers at " + uri + " (" + cause.getMessage()
                        + "); is it running, and may this user use it?",
                cause);
    }

    /** Registers a resource to close before the connections, since quiesced containers are resumed through them. */
    public void closeBefore(Closeable dependent) {
        dependents.add(dependent);
    }

    /** Something that stays if what was registered after it cannot be closed. */
    public interface LastResort extends Closeable {}

    /** Returns whether it is closed, so that nothing more can be asked. */
    public boolean isClosed() {
        return closed;
    }

    /** Unregisters a resource that is already closed. */
    public void closed(Closeable dependent) {
        dependents.remove(dependent);
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        // The last one first: what it needs was registered before.
        for (Iterator<Closeable> all = dependents.descendingIterator(); all.hasNext(); ) {
            Closeable dependent = all.next();
            if (failure != null && dependent instanceof LastResort) {
                continue;
            }
            try {
                dependent.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        closed = true;
        http.close();
        patient.close();
        transport.close();
        if (failure != null) {
            throw failure;
        }
    }
}
