package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for what takes as long as it takes, as long as the engine answers to others: an image that is loaded or saved,
 * a command that prints nothing for hours. If it does not answer any more, all that waits fails. Thread-safe.
 */
final class PatientClient implements DockerHttpClient {
    private static final Logger log = LoggerFactory.getLogger(PatientClient.class);

    private static final int ATTEMPTS = 2;
    private static final Duration ANSWER_HOLDS = Duration.ofSeconds(1);

    private final Transport transport;
    private final Duration interval;
    private final BooleanSupplier alive;
    private final Object asking = new Object();
    private @Nullable Instant lastAnswer;
    private @Nullable DockerHttpClient connected;
    private boolean closed;

    /**
     * Creates a client that connects when it is needed.
     *
     * @param interval how long the engine may be silent until it is asked
     * @param alive asks it, and may take its time
     */
    PatientClient(Transport transport, Duration interval, BooleanSupplier alive) {
        this.transport = transport;
        this.interval = interval;
        this.alive = alive;
    }

    private synchronized DockerHttpClient client() throws IOException {
        if (closed) {
            throw new IOException("the client is closed");
        }
        DockerHttpClient known = connected;
        if (known == null) {
            known = transport.connect(Optional.empty());
            connected = known;
        }
        return known;
    }

    @Override
    public Response execute(Request request) {
        DockerHttpClient client;
        try {
            client = client();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Watch watch = watch(client)) {
            watch.waits();
            return new WatchedResponse(client.execute(request), watch(client));
        }
    }

    private Watch watch(DockerHttpClient client) {
        Watch[] watch = new Watch[1];
        watch[0] = new Watch(interval, () -> {
            Thread thread = new Thread(() -> ask(client, watch[0]), "lifeboat-ask");
            thread.setDaemon(true);
            thread.start();
        });
        return watch[0];
    }

    /** What waits together asks together. One answer is enough for all, and one that is lost ends nothing. */
    private boolean isAlive() {
        synchronized (asking) {
            if (lastAnswer != null && lastAnswer.plus(ANSWER_HOLDS).isAfter(Instant.now())) {
                return true;
            }
            boolean answered = false;
            for (int attempt = 0; attempt < ATTEMPTS && !answered; attempt++) {
                answered = alive.getAsBoolean();
            }
            lastAnswer = answered ? Instant.now() : null;
            return answered;
        }
    }

    private void ask(DockerHttpClient client, Watch watch) {
        if (isAlive() || !watch.isOverdue()) {
            watch.restart();
            return;
        }
        try {
            drop(client);
        } catch (IOException e) {
            log.debug("connections to an engine that does not answer were not closed [cause={}]", e.toString());
        }
    }

    /** Ends all requests of a client; later ones get another one. */
    private synchronized void drop(DockerHttpClient client) throws IOException {
        if (client == connected) {
            connected = null;
            client.close();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        DockerHttpClient known = connected;
        if (known != null) {
            drop(known);
        }
    }
}
