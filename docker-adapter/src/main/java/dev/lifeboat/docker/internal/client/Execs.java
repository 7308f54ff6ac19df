package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs commands in running containers. Thread-safe. */
public final class Execs {
    private static final int MAX_OUTPUT = 16 << 10;
    /** Of one frame of output; an engine sends at most 32 KiB. */
    private static final int MAX_FRAME = 1 << 20;

    private static final long POLL_MILLIS = 20;
    private static final int MAX_POLLS = 500;

    private final EngineClient client;

    public Execs(EngineClient client) {
        this.client = client;
    }

    /**
     * How a command has ended.
     *
     * @param exitCode its exit code
     * @param output the last part of what it printed, both ways
     */
    public record Result(long exitCode, String output) {}

    /** Receives a part of what a command prints. */
    @FunctionalInterface
    private interface Output {
        void take(byte[] bytes) throws InterruptedException;
    }

    private String create(String container, List<String> words, String user, boolean input, String what)
            throws IOException {
        return client.post(
                        "/containers/" + EngineClient.encode(container) + "/exec",
                        JsonObject.create()
                                .put("AttachStdin", input)
                                .put("AttachStdout", true)
                                .put("AttachStderr", true)
                                .put("User", user)
                                .put("Cmd", words),
                        what)
                .string("Id");
    }

    private static JsonObject start() {
        return JsonObject.create().put("Detach", false).put("Tty", false);
    }

    /**
     * Runs a command to its end.
     *
     * @throws DockerException if it cannot be run, or exceeds the time limit; then it may still run in the container
     */
    public Result run(String container, String name, List<String> words, String user, Duration timeout)
            throws IOException {
        String what = "run '" + String.join(" ", words) + "' in container " + name;
        String id = create(container, words, user, false, what);
        StringBuilder tail = new StringBuilder();
        InputStream stream = client.open("/exec/" + id + "/start", start(), null, what);
        BlockingQueue<String> ended = new ArrayBlockingQueue<>(1);
        read(stream, bytes -> append(tail, bytes), ended);
        await(ended, timeout, stream, what);
        return new Result(exitCode(id, what), output(tail));
    }

    private static void await(BlockingQueue<String> ended, Duration timeout, InputStream stream, String what)
            throws IOException {
        try {
            if (ended.poll(timeout.toMillis(), TimeUnit.MILLISECONDS) == null) {
                stream.close();
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        "cannot " + what + ": it has not ended after " + timeout.toSeconds()
                                + " s, and may still run there. Give it more time: within(..)");
            }
        } catch (InterruptedException e) {
            stream.close();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted: " + what);
        }
    }

    private static void append(StringBuilder tail, byte[] bytes) {
        synchronized (tail) {
            tail.append(new String(bytes, StandardCharsets.UTF_8));
            tail.delete(0, Math.max(0, tail.length() - MAX_OUTPUT));
        }
    }

    private static String output(StringBuilder tail) {
        synchronized (tail) {
            return tail.toString();
        }
    }

    private long exitCode(String id, String what) throws IOException {
        // Its output may end a little before it does.
        for (int i = 0; i < MAX_POLLS && isRunning(id, what); i++) {
            Io.sleep(POLL_MILLIS);
        }
        JsonObject exec = client.get("/exec/" + id + "/json", what);
        return exec.has("ExitCode") && !exec.flag("Running") ? exec.number("ExitCode") : -1;
    }

    private boolean isRunning(String id, String what) throws IOException {
        return client.get("/exec/" + id + "/json", what).flag("Running");
    }

    /** Reads frames: a byte for the stream, three of padding, four of length (Engine API, ContainerAttach). */
    private static void read(InputStream stream, Output output, BlockingQueue<String> ended) {
        Thread thread = new Thread(
                () -> {
                    try (DataInputStream in = new DataInputStream(stream)) {
                        while (true) {
                            in.readInt();
                            int length = in.readInt();
                            if (length < 0 || length > MAX_FRAME) {
                                break;
                            }
                            output.take(in.readNBytes(length));
                        }
                    } catch (EOFException e) {
                        // The command has ended, or its connection is closed.
                    } catch (IOException e) {
                        // The same, less orderly.
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    ended.offer("");
                },
                "lifeboat-exec");
        thread.setDaemon(true);
        thread.start();
    }

    /** A command whose output is read while it runs. Used by one thread. */
    public final class Running implements Closeable {
        private static final int STDERR = 2;

        private final String id;
        private final String what;
        private final InputStream stream;
        private final StringBuilder errors = new StringBuilder();

        private Running(String id, InputStream stream, String what) {
            this.id = id;
            this.stream = stream;
            this.what = what;
        }

        /** Returns its standard output. Reading it also reads standard error, of which the last part is kept. */
        public InputStream output() {
            DataInputStream frames = new DataInputStream(new BufferedInputStream(stream, 1 << 16));
            return new BulkInputStream() {
                private int left;

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    if (length == 0) {
                        return 0;
                    }
                    while (left == 0) {
                        int kind = frames.read();
                        if (kind < 0) {
                            return -1;
                        }
                        frames.readNBytes(3);
                        int size = frames.readInt();
                        if (size < 0 || size > MAX_FRAME) {
                            throw new IOException("cannot " + what + ": the engine did not send valid frames");
                        }
                        if (kind == STDERR) {
                            append(errors, frames.readNBytes(size));
                        } else {
                            left = size;
                        }
                    }
                    int count = frames.read(bytes, offset, Math.min(length, left));
                    if (count < 0) {
                        throw new EOFException("cannot " + what + ": the engine ended its output early");
                    }
                    left -= count;
                    return count;
                }
            };
        }

        /** Returns the last part of its standard error. */
        public String errors() {
            return Execs.output(errors).strip();
        }

        /** Returns its exit code; -1 if it still runs. */
        public long exitCode() throws IOException {
            return Execs.this.exitCode(id, what);
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    /**
     * Starts a command whose output is read while it runs. The caller closes it, at which the command is left alone.
     *
     * @param input what it reads, which does not end; null for nothing
     */
    public Running start(String container, String name, List<String> words, String user, @Nullable InputStream input)
            throws IOException {
        String what = "run '" + String.join(" ", words) + "' in container " + name;
        String id = create(container, words, user, input != null, what);
        return new Running(id, client.open("/exec/" + id + "/start", start(), input, what), what);
    }

    /** A command whose input and output stay open. Not thread-safe. */
    public final class Held implements AutoCloseable {
        private static final int MAX_LINES = 1000;

        private final String id;
        private final String what;
        private final InputStream stream;
        private final OutputStream input;
        private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(MAX_LINES);
        private final BlockingQueue<String> ended = new ArrayBlockingQueue<>(1);
        private final StringBuilder line = new StringBuilder();
        private boolean closed;

        private Held(String id, String what) throws IOException {
            this.id = id;
            this.what = what;
            PipedInputStream pipe = new PipedInputStream(1 << 16);
            input = new PipedOutputStream(pipe);
            stream = client.open("/exec/" + id + "/start", start(), pipe, what);
            read(stream, this::take, ended);
        }

        /** What is not waited for is dropped, so that a command that floods its output does not block. */
        private void take(byte[] bytes) {
            for (char c : new String(bytes, StandardCharsets.UTF_8).toCharArray()) {
                if (c == '\n' || line.length() >= MAX_OUTPUT) {
                    lines.offer(line.toString());
                    line.setLength(0);
                } else {
                    line.append(c);
                }
            }
        }

        /** Sends a line to its input. */
        public void send(String text) throws IOException {
            input.write((text + "\n").getBytes(StandardCharsets.UTF_8));
            input.flush();
        }

        /** Waits for a line of its output. */
        public String receive(Duration timeout) throws IOException {
            long end = System.nanoTime() + timeout.toNanos();
            try {
                while (true) {
                    String next = lines.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                    if (next != null) {
                        return next;
                    }
                    boolean over = !ended.isEmpty() && lines.isEmpty();
                    if (over || System.nanoTime() > end) {
                        throw new DockerException(
                                DockerException.Kind.REFUSED,
                                "cannot " + what + ": it "
                                        + (over
                                                ? "has ended; it printed last: " + line
                                                : "has printed nothing for " + timeout.toSeconds() + " s"));
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted: " + what);
            }
        }

        /** Closes the connection, at which the engine ends the input, and waits a while for the command to end. */
        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            boolean early = !ended.isEmpty();
            input.close();
            stream.close();
            for (int i = 0; i < MAX_POLLS && isRunning(id, what); i++) {
                Io.sleep(POLL_MILLIS);
            }
            if (early) {
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        "cannot " + what
                                + ": it ended by itself, before it was to; what it held was not held any more");
            }
        }
    }

    /** Starts a command whose input and output stay open. */
    public Held open(String container, String name, List<String> words, String user) throws IOException {
        String what = "run '" + String.join(" ", words) + "' in container " + name;
        return new Held(create(container, words, user, true, what), what);
    }
}
