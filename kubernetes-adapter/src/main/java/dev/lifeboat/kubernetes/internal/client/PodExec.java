package dev.lifeboat.kubernetes.internal.client;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketHandshakeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A command that runs in a container of a pod, over one WebSocket with the protocol {@code v4.channel.k8s.io}: each
 * message begins with the number of its channel. One thread reads its output, and one may write its input. The protocol
 * cannot end standard input: the command has to know where it ends, as tar does.
 */
public final class PodExec implements AutoCloseable {
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int STATUS = 3;

    /** How much output waits for its reader before the server is made to wait. */
    private static final long MAX_WAITING_BYTES = 4 << 20;

    /** How much input waits to be sent before its writer has to wait; okhttp refuses more than 16 MiB. */
    private static final long MAX_UNSENT_BYTES = 1 << 20;

    private static final int MAX_ERROR_BYTES = 1 << 16;
    private static final int MAX_RESULT_BYTES = 16 << 10;

    private static final long OPENING_SECONDS = 60;

    /** How long a command may be silent while its output is awaited. */
    private static final Duration SILENCE = Duration.ofMinutes(10);

    /**
     * A container of a pod.
     *
     * @param namespace of the pod
     * @param pod its name
     * @param container name of the container
     */
    public record Place(String namespace, String pod, String container) {
        @Override
        public String toString() {
            return "container " + container + " of pod " + namespace + "/" + pod;
        }
    }

    private final String what;
    private final boolean merged;
    private final Object lock = new Object();
    private final ArrayDeque<ByteBuffer> output = new ArrayDeque<>();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private long waiting;
    private boolean requestDue;
    private boolean closed;
    private @Nullable Throwable broken;
    private byte @Nullable [] status;
    private @Nullable WebSocket socket;

    private PodExec(String what, boolean merged) {
        this.what = what;
        this.merged = merged;
    }

    /**
     * Starts a command.
     *
     * @param input whether it has standard input
     */
    public static PodExec start(ApiClient client, Place place, List<String> command, boolean input) throws IOException {
        return start(client, place, command, input, false);
    }

    /** Runs a command without input; its result has the end of what it prints on both outputs. */
    public static Result runMerged(ApiClient client, Place place, List<String> command) throws IOException {
        try (PodExec exec = start(client, place, command, false, true)) {
            byte[] last = new byte[0];
            byte[] buffer = new byte[MAX_RESULT_BYTES];
            for (int read; (read = exec.read(buffer, SILENCE)) >= 0; ) {
                byte[] both = Arrays.copyOf(last, last.length + read);
                System.arraycopy(buffer, 0, both, last.length, read);
                last = Arrays.copyOfRange(both, Math.max(0, both.length - MAX_RESULT_BYTES), both.length);
            }
            return new Result(exec.await(), new String(last, StandardCharsets.UTF_8), "");
        }
    }

    /** Starts a command with standard input, whose standard error is part of its output. */
    public static PodExec hold(ApiClient client, Place place, List<String> command) throws IOException {
        return start(client, place, command, true, true);
    }

    private static PodExec start(ApiClient client, Place place, List<String> command, boolean input, boolean merged)
            throws IOException {
        StringBuilder query = new StringBuilder("container=" + ApiClient.encode(place.container()))
                .append("&stdout=true&stderr=true&stdin=" + input);
        command.forEach(word -> query.append("&command=").append(ApiClient.encode(word)));
        URI uri = URI.create(client.server().toString().replaceAll("/+$", "") + "/api/v1/namespaces/"
                + place.namespace() + "/pods/" + place.pod() + "/exec?" + query);
        String what = "run " + command.get(0) + " in " + place;
        // Nothing runs until the connection is there, so it is tried again.
        Retries retries = new Retries(true);
        while (true) {
            PodExec exec = new PodExec(what, merged);
            try {
                exec.open(client, uri);
                return exec;
            } catch (ExecutionException e) {
                if (!again(retries, e)) {
                    throw refused(what, e);
                }
            }
        }
    }

    /** An answer of 500 may be of a command that has begun. */
    private static boolean again(Retries retries, ExecutionException e) throws IOException {
        if (e.getCause() instanceof WebSocketHandshakeException handshake && handshake.getResponse() != null) {
            int code = handshake.getResponse().code();
            return code != 500 && retries.again(code, handshake.getResponse().header("Retry-After"));
        }
        return Retries.isRefused(e) && retries.again(e);
    }

    private void open(ApiClient client, URI uri) throws IOException, ExecutionException {
        CompletableFuture<WebSocket> opening = client.http()
                .newWebSocketBuilder()
                .uri(uri)
                .subprotocol("v4.channel.k8s.io")
                .buildAsync(new Listener());
        WebSocket opened;
        try {
            opened = opening.get(OPENING_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            var unused = opening.thenAccept(late -> late.sendClose(1000, "too late"));
            throw new KubernetesException(
                    Kind.UNREACHABLE, "cannot " + what + ": no answer within " + OPENING_SECONDS + " s", e);
        } catch (InterruptedException e) {
            var unused = opening.thenAccept(late -> late.sendClose(1000, "interrupted"));
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        synchronized (lock) {
            socket = opened;
        }
    }

    private static KubernetesException refused(String what, ExecutionException e) {
        if (e.getCause() instanceof WebSocketHandshakeException handshake && handshake.getResponse() != null) {
            int code = handshake.getResponse().code();
            String body = "";
            try {
                body = handshake.getResponse().bodyString();
            } catch (IOException ignored) {
                // The code is what matters.
                body = "";
            }
            Kind kind = switch (code) {
                case 401 -> Kind.UNAUTHORIZED;
                case 403 -> Kind.FORBIDDEN;
                case 404 -> Kind.NOT_FOUND;
                default -> Kind.REFUSED;
            };
            return new KubernetesException(
                    kind, "cannot " + what + ": the server answers " + code + " " + body.strip(), e);
        }
        return new KubernetesException(Kind.UNREACHABLE, "cannot " + what + ": " + e.getCause(), e);
    }

    private final class Listener implements WebSocket.Listener {
        @Override
        public void onMessage(WebSocket from, String text) {
            onMessage(from, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        }

        @Override
        public void onMessage(WebSocket from, ByteBuffer message) {
            boolean more;
            synchronized (lock) {
                if (message.hasRemaining()) {
                    accept(message.get(), message);
                }
                more = waiting < MAX_WAITING_BYTES;
                requestDue = !more;
                lock.notifyAll();
            }
            if (more) {
                from.request();
            }
        }

        private void accept(int channel, ByteBuffer message) {
            switch (channel == STDERR && merged ? STDOUT : channel) {
                case STDOUT -> {
                    if (message.hasRemaining() && !closed) {
                        ByteBuffer kept = ByteBuffer.allocate(message.remaining());
                        kept.put(message).flip();
                        waiting += kept.remaining();
                        output.add(kept);
                    }
                }
                case STDERR -> {
                    while (message.hasRemaining() && errors.size() < MAX_ERROR_BYTES) {
                        errors.write(message.get());
                    }
                }
                case STATUS -> {
                    byte[] bytes = new byte[message.remaining()];
                    message.get(bytes);
                    status = bytes;
                }
                default -> {
                    // A channel of a later protocol; it was not asked for.
                }
            }
        }

        @Override
        public void onClose(WebSocket from, int code, String reason) {
            end(null);
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            end(error);
        }

        private void end(@Nullable Throwable error) {
            synchronized (lock) {
                closed = true;
                if (broken == null) {
                    broken = error;
                }
                lock.notifyAll();
            }
        }
    }

    /** Returns standard output. Closing it has no effect. */
    public InputStream output() {
        return new BulkInputStream() {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return length == 0 ? 0 : readOutput(into, offset, length);
            }
        };
    }

    /**
     * Reads what there is of standard output.
     *
     * @param patience how long to wait if there is none
     * @return how much was read; -1 if the command has ended
     * @throws KubernetesException if there is none for too long
     */
    public int read(byte[] into, Duration patience) throws IOException {
        return readOutput(into, 0, into.length, patience);
    }

    private int readOutput(byte[] into, int offset, int length) throws IOException {
        return readOutput(into, offset, length, SILENCE);
    }

    private int readOutput(byte[] into, int offset, int length, Duration patience) throws IOException {
        int read;
        boolean request;
        WebSocket from;
        synchronized (lock) {
            long deadline = System.nanoTime() + patience.toNanos();
            while (output.isEmpty()) {
                if (closed || status != null) {
                    return -1;
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new KubernetesException(
                            Kind.UNREACHABLE, "cannot " + what + ": silent for " + patience.toSeconds() + " s");
                }
                Io.await(lock, left);
            }
            ByteBuffer first = output.element();
            read = Math.min(length, first.remaining());
            first.get(into, offset, read);
            if (!first.hasRemaining()) {
                output.remove();
            }
            waiting -= read;
            request = requestDue && waiting < MAX_WAITING_BYTES / 2;
            if (request) {
                requestDue = false;
            }
            from = socket;
        }
        if (request && from != null) {
            from.request();
        }
        return read;
    }

    /** Returns standard input. Closing it does not end it for the command. */
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                for (int at = 0; at < length; at += Io.BUFFER_BYTES) {
                    send(bytes, offset + at, Math.min(Io.BUFFER_BYTES, length - at));
                }
            }
        };
    }

    private void send(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(length + 1);
        message.put((byte) STDIN).put(bytes, offset, length).flip();
        WebSocket to;
        synchronized (lock) {
            to = socket;
        }
        if (to == null) {
            throw new IllegalStateException("not started");
        }
        long deadline = System.nanoTime() + SILENCE.toNanos();
        while (to.queueSize() > MAX_UNSENT_BYTES) {
            if (isOver()) {
                throw endedEarly();
            }
            if (System.nanoTime() > deadline) {
                throw new KubernetesException(
                        Kind.UNREACHABLE, "cannot " + what + ": took no input for " + SILENCE.toSeconds() + " s");
            }
            Io.sleep(1);
        }
        if (isOver() || !to.send(message)) {
            throw endedEarly();
        }
    }

    /** Whether it has ended, or the connection to it has. */
    public boolean hasEnded() {
        return isOver();
    }

    private boolean isOver() {
        synchronized (lock) {
            return closed || status != null;
        }
    }

    private KubernetesException endedEarly() {
        synchronized (lock) {
            return new KubernetesException(
                    Kind.COMMAND_FAILED,
                    "cannot " + what + ": it ended before it had read all of its input: " + errorOutput(),
                    broken);
        }
    }

    /**
     * Waits for the end of the command. Output that was not read is dropped.
     *
     * @return its exit code
     * @throws KubernetesException if the connection ends before the exit code is known
     */
    public int await() throws IOException {
        byte[] drop = new byte[Io.BUFFER_BYTES];
        while (readOutput(drop, 0, drop.length) >= 0) {
            // To the end.
        }
        byte[] result;
        Throwable cause;
        synchronized (lock) {
            result = status;
            cause = broken;
        }
        if (result == null) {
            throw new KubernetesException(
                    Kind.UNREACHABLE,
                    "cannot " + what + ": the connection ended before the exit code: "
                            + (cause == null ? "was the pod deleted or evicted? " + errorOutput() : cause.toString()),
                    cause);
        }
        JsonObject json = JsonObject.parse(result, "the status of the command");
        if (json.optionalString("status").orElse("").equals("Success")) {
            return 0;
        }
        for (JsonObject reason : json.objectOrEmpty("details").objects("causes")) {
            String code = reason.optionalString("message").orElse("");
            if (reason.optionalString("reason").orElse("").equals("ExitCode") && code.matches("[0-9]{1,9}")) {
                return Integer.parseInt(code);
            }
        }
        throw new KubernetesException(
                Kind.COMMAND_FAILED,
                "cannot " + what + ": " + json.optionalString("message").orElse("no reason is given"));
    }

    /** Returns the beginning of standard error. */
    public String errorOutput() {
        synchronized (lock) {
            return errors.toString(StandardCharsets.UTF_8).strip();
        }
    }

    /** A command and what became of it. */
    public record Result(int exitCode, String output, String errors) {}

    /** Runs a command without input whose output is short. */
    public static Result run(ApiClient client, Place place, List<String> command) throws IOException {
        try (PodExec exec = start(client, place, command, false)) {
            byte[] output = exec.output().readNBytes(MAX_ERROR_BYTES);
            int code = exec.await();
            return new Result(code, new String(output, StandardCharsets.UTF_8), exec.errorOutput());
        }
    }

    @Override
    public void close() {
        WebSocket open;
        synchronized (lock) {
            open = socket;
            output.clear();
            waiting = 0;
            closed = true;
        }
        if (open != null) {
            open.sendClose(1000, "done");
            open.request();
        }
    }
}
