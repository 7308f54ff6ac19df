package dev.lifeboat.docker;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pauses or stops a container, and brings back the state it had. Closing works on an interrupted thread, too, and tries again. */
final class ContainerRest implements QuiesceHandle {
    private static final Logger log = LoggerFactory.getLogger(ContainerRest.class);
    private static final int ATTEMPTS = 5;

    private final EngineClient client;
    private final String id;
    private final String name;
    private final Quiesce quiesce;
    private boolean ended;

    private ContainerRest(EngineClient client, String id, String name, Quiesce quiesce) {
        this.client = client;
        this.id = id;
        this.name = name;
        this.quiesce = quiesce;
    }

    static QuiesceHandle begin(EngineClient client, JsonObject inspect, Quiesce quiesce) throws IOException {
        JsonObject state = inspect.object("State");
        boolean active = state.flag("Running") && !state.flag("Paused");
        boolean stopPaused = quiesce == Quiesce.STOP && state.flag("Paused");
        if (stopPaused) {
            throw new IOException("container " + ContainerSource.nameOf(inspect)
                    + " is paused, so it cannot be stopped in its own way; unpause it, or quiesce(Quiesce.PAUSE)");
        }
        if (quiesce == Quiesce.STOP && active && inspect.object("HostConfig").flag("AutoRemove")) {
            throw new IOException("container " + ContainerSource.nameOf(inspect)
                    + " was run with --rm, so to stop it is to lose it; use quiesce(Quiesce.PAUSE)");
        }
        if (quiesce == Quiesce.NONE || !active) {
            return QuiesceHandle.none();
        }
        ContainerRest rest = new ContainerRest(client, inspect.string("Id"), ContainerSource.nameOf(inspect), quiesce);
        boolean begun = false;
        try {
            rest.act(quiesce == Quiesce.PAUSE ? "pause" : "stop");
            begun = true;
        } finally {
            if (!begun) {
                rest.takeBack();
            }
        }
        return rest;
    }

    private void act(String verb) throws IOException {
        client.post("/containers/" + id + "/" + verb, null, verb + " container " + name);
    }

    /** It may have taken effect, or still be about to, though the answer was lost: a stop goes on by itself, so it is awaited. */
    private void takeBack() throws IOException {
        try {
            if (quiesce == Quiesce.STOP) {
                Uninterrupted.run(() -> act("stop"));
            }
        } finally {
            close();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (ended) {
            return;
        }
        Uninterrupted.run(this::resume);
        ended = true;
    }

    private void resume() throws IOException {
        String verb = quiesce == Quiesce.PAUSE ? "unpause" : "start";
        IOException failure = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                JsonObject state = ContainerSource.inspect(client, id).object("State");
                boolean atRest = quiesce == Quiesce.PAUSE ? state.flag("Paused") : !state.flag("Running");
                if (atRest) {
                    act(verb);
                }
                return;
            } catch (IOException e) {
                if (e instanceof DockerException d && d.kind() == DockerException.Kind.NOT_FOUND) {
                    // Somebody removed it; there is no state to bring back.
                    return;
                }
                failure = e;
                log.warn("container is still at rest, trying again [name={}, cause={}]", name, e.getMessage());
                sleep(attempt);
            }
        }
        throw new IOException(
                "CONTAINER " + name + " IS STILL " + (quiesce == Quiesce.PAUSE ? "PAUSED" : "STOPPED")
                        + "; run: docker " + verb + " " + name,
                failure);
    }

    private static void sleep(int attempt) {
        try {
            Thread.sleep(100L << attempt);
        } catch (InterruptedException e) {
            // Resuming goes on; whoever called sets the flag again.
            Thread.currentThread().interrupt();
        }
    }
}
