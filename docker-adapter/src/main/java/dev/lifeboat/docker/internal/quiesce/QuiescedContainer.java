package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.OwnContainer;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.docker.quiesce.Quiesce.Level;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container that is paused or stopped while it is read; closing restores the state that it had, also on an
 * interrupted thread, and tries again if that fails. Thread-safe.
 */
public final class QuiescedContainer implements QuiesceHandle {
    private static final Logger log = LoggerFactory.getLogger(QuiescedContainer.class);
    private static final int ATTEMPTS = 5;
    /** Name of the value that holds when a container was started last. */
    static final String STARTED_AT = "startedAt";

    private static final long FIRST_PAUSE_MILLIS = 100;

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Containers containers;
    private final String id;
    private final String name;
    private final Level level;
    private final Optional<QuiesceJournal.QuiesceRecord> record;
    private boolean ended;
    private boolean abandoned;

    private QuiescedContainer(
            EngineClient client,
            QuiesceJournal journal,
            ContainerSpec container,
            Level level,
            Optional<QuiesceJournal.QuiesceRecord> record) {
        this.client = client;
        this.journal = journal;
        this.containers = new Containers(client);
        this.id = container.id();
        this.name = container.name();
        this.level = level;
        this.record = record;
    }

    /**
     * How far quiescing got.
     *
     * @param handle resumes the container
     * @param container as it was before
     * @param quiesce what was asked for
     * @param obstacle why the container is not as quiet as was asked for; empty if it is
     */
    public record Result(QuiesceHandle handle, ContainerSpec container, Quiesce quiesce, String obstacle) {
        /** Whether the container is as quiet as was asked for. */
        public boolean reached() {
            return obstacle.isEmpty();
        }
    }

    /**
     * Pauses or stops a container, unless it is so already.
     *
     * @param order place among those that are resumed together; the lowest comes first
     * @throws IOException if that is impossible; the container is as it was
     */
    static Result begin(EngineClient client, QuiesceJournal journal, String id, Quiesce quiesce, int order)
            throws IOException {
        Containers containers = new Containers(client);
        for (int attempt = 0; ; attempt++) {
            ContainerSpec container = containers.inspect(id);
            ContainerSpec.State state = container.state();
            check(container, quiesce);
            if (quiesce.level() != Level.NONE && OwnContainer.id().equals(Optional.of(container.id()))) {
                return new Result(QuiesceHandle.none(), container, quiesce, "this process runs in it");
            }
            boolean quiet = !state.running() && !state.restarting() || state.paused();
            if (quiesce.level() == Level.NONE || quiet) {
                return new Result(QuiesceHandle.none(), container, quiesce, "");
            }
            boolean between = state.restarting() && quiesce.level() == Level.PAUSE;
            if (!between) {
                Optional<QuiesceHandle> handle = act(client, journal, container, quiesce, order);
                if (handle.isPresent()) {
                    return new Result(handle.get(), container, quiesce, "");
                }
            }
            if (attempt == ATTEMPTS) {
                return new Result(QuiesceHandle.none(), container, quiesce, "the engine restarts it again and again");
            }
            Io.sleep(FIRST_PAUSE_MILLIS);
        }
    }

    private static void check(ContainerSpec container, Quiesce quiesce) throws IOException {
        if (quiesce.level() != Level.STOP) {
            return;
        }
        if (container.state().paused()) {
            throw new IOException("container " + container.name()
                    + " is paused, so it cannot be stopped in its own way; unpause it, or quiesce(Quiesce.pause())");
        }
        if (container.state().isActive() && container.isAutoRemoved()) {
            throw new IOException("container " + container.name()
                    + " was run with --rm, so the engine removes it once it is stopped; use quiesce(Quiesce.pause())");
        }
    }

    /** Empty if its state has changed since it was inspected. */
    private static Optional<QuiesceHandle> act(
            EngineClient client, QuiesceJournal journal, ContainerSpec container, Quiesce quiesce, int order)
            throws IOException {
        QuiescedContainer quiesced = new QuiescedContainer(
                client, journal, container, quiesce.level(), record(client, journal, container, quiesce, order));
        boolean settled = false;
        try {
            if (!quiesced.act()) {
                quiesced.forget();
                settled = true;
                return Optional.empty();
            }
            settled = true;
            return Optional.of(quiesced);
        } finally {
            if (!settled) {
                quiesced.takeBack();
            }
        }
    }

    private static Optional<QuiesceJournal.QuiesceRecord> record(
            EngineClient client, QuiesceJournal journal, ContainerSpec container, Quiesce quiesce, int order) {
        try {
            return Optional.of(journal.write(Map.of(
                    "engine",
                    client.uri().toString(),
                    "container",
                    container.id(),
                    "name",
                    container.name(),
                    "quiesce",
                    quiesce.level().name(),
                    "order",
                    Integer.toString(order),
                    STARTED_AT,
                    container.startedAt())));
        } catch (IOException e) {
            log.warn(
                    "no record was written, so a container is not resumed if this process is killed [name={}, cause={}]",
                    container.name(),
                    e.toString());
            return Optional.empty();
        }
    }

    /**
     * Pauses or stops the container. Returns false if another client has done so already. Then it is not resumed here:
     * that would undo their pause, and tear their snapshot.
     */
    private boolean act() throws IOException {
        return level == Level.STOP ? containers.stop(id, name) : containers.pause(id, name);
    }

    /** Ends without resuming: nothing was done. */
    private synchronized void forget() {
        ended = true;
        removeRecord();
    }

    /** A record that stays is seen as abandoned once this process ends, and its container is found running. */
    private void removeRecord() {
        try {
            if (record.isPresent()) {
                record.get().remove();
            }
        } catch (IOException e) {
            log.warn("record of a container that was resumed is not removed [name={}, cause={}]", name, e.toString());
        }
    }

    /** The call may have taken effect, or be about to, though its answer was lost: a stop goes on, so it is awaited. */
    private void takeBack() throws IOException {
        try {
            if (level == Level.STOP) {
                UninterruptibleCleanup.run(this::act);
            }
        } finally {
            close();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        // A recovery has done it. The container may have been quiesced anew since then.
        ended |= abandoned && !record.orElseThrow().exists();
        if (ended) {
            return;
        }
        try {
            UninterruptibleCleanup.run(this::resume);
            ended = true;
            removeRecord();
        } finally {
            if (!ended) {
                abandoned = record.isPresent();
                LateRecovery.leave(record, client, "quiesced", () -> new QuiesceRecovery(client, journal).run());
            }
        }
    }

    private void resume() throws IOException {
        Throwable failure = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                resume(containers, id, name, level);
                return;
            } catch (IOException | OutOfMemoryError e) {
                // After an OutOfMemoryError the stack that held the memory is gone, or soon will be.
                failure = e;
                log.warn("container is still quiesced, trying again [name={}, cause={}]", name, e.toString());
                Io.sleep(FIRST_PAUSE_MILLIS << attempt);
            }
        }
        throw new IOException(
                "container " + name + " is still " + (level == Level.PAUSE ? "PAUSED" : "STOPPED")
                        + "; it is resumed once the engine answers again, by this process or by the next recover(); or"
                        + " run: docker " + (level == Level.PAUSE ? "unpause " : "start ") + name,
                failure);
    }

    /**
     * Resumes a container that a process has quiesced that is gone. It may have been killed while the engine stopped
     * the container, which goes on; that is awaited.
     *
     * @param startedAt when the container was started last before it was quiesced
     */
    static void recover(Containers containers, String id, String name, Level level, String startedAt)
            throws IOException {
        try {
            ContainerSpec container = containers.inspect(id);
            boolean sameRun = container.startedAt().equals(startedAt) && !startedAt.isEmpty();
            if (level == Level.STOP && container.state().running() && sameRun) {
                containers.stop(id, name);
            }
            resume(containers, id, name, level);
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /** Resumes a container if it is quiesced; one that was removed has no state to restore. */
    static void resume(Containers containers, String id, String name, Level level) throws IOException {
        try {
            ContainerSpec.State state = containers.inspect(id).state();
            if (level == Level.PAUSE && state.paused()) {
                containers.unpause(id, name);
            } else if (level == Level.STOP && !state.running()) {
                containers.start(id, name);
            }
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }
}
