package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import dev.lifeboat.quiesce.QuiesceSession;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session of an application that is held while its container is read. A command that is to run at the end is recorded
 * in the journal before the first one runs. Thread-safe.
 */
final class HeldSession implements QuiesceHandle {
    /** Value of {@code quiesce} in the records of commands. */
    static final String EXEC = "EXEC";

    private static final Logger log = LoggerFactory.getLogger(HeldSession.class);
    private static final int ATTEMPTS = 3;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final String WORD = "word.";
    private static final String USER = "user";
    private static final String MILLIS = "millis";

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final QuiesceHandle handle;
    private final Optional<QuiesceRecord> record;
    private final String name;
    private boolean ended;
    private boolean abandoned;

    private HeldSession(
            EngineClient client,
            QuiesceJournal journal,
            QuiesceHandle handle,
            Optional<QuiesceRecord> record,
            String name) {
        this.client = client;
        this.journal = journal;
        this.handle = handle;
        this.record = record;
        this.name = name;
    }

    /**
     * Begins a session, unless the container does not run or is paused.
     *
     * @param order place among those that are resumed together
     * @throws IOException if it cannot begin; nothing is held then
     */
    static QuiesceHandle begin(
            EngineClient client, QuiesceJournal journal, ContainerSpec container, QuiesceSession session, int order)
            throws IOException {
        if (!container.state().isActive()) {
            return QuiesceHandle.none();
        }
        EngineContainer running = new EngineContainer(client, container.id(), container.name());
        Optional<ContainerCommand> recovery = session.recovery(running);
        Optional<QuiesceRecord> record =
                recovery.flatMap(command -> record(client, journal, container, command, order));
        boolean begun = false;
        try {
            QuiesceHandle handle = session.begin(running);
            begun = true;
            if (handle == QuiesceHandle.none()) {
                remove(record, container.name());
                return handle;
            }
            return new HeldSession(client, journal, handle, record, container.name());
        } finally {
            if (!begun) {
                end(running, recovery, record);
            }
        }
    }

    /** That the session could not begin is what is reported; the record stays if it may be held in part. */
    private static void end(
            EngineContainer container, Optional<ContainerCommand> recovery, Optional<QuiesceRecord> record) {
        try {
            if (recovery.isPresent()) {
                UninterruptibleCleanup.run(() -> container.check(recovery.get()));
            }
            remove(record, container.name());
        } catch (IOException e) {
            log.warn("the command that ends a session failed [name={}, cause={}]", container.name(), e.toString());
        }
    }

    private static Optional<QuiesceRecord> record(
            EngineClient client, QuiesceJournal journal, ContainerSpec container, ContainerCommand after, int order) {
        Map<String, String> values = new TreeMap<>(Map.of(
                "engine",
                client.uri().toString(),
                "container",
                container.id(),
                "name",
                container.name(),
                "quiesce",
                EXEC,
                "order",
                Integer.toString(order),
                USER,
                after.user(),
                MILLIS,
                Long.toString(after.timeout().toMillis())));
        for (int i = 0; i < after.words().size(); i++) {
            values.put(WORD + i, after.words().get(i));
        }
        try {
            return Optional.of(journal.write(values));
        } catch (IOException e) {
            log.warn(
                    "no record was written, so the second command is not run if this process is killed [name={}, cause={}]",
                    container.name(),
                    e.toString());
            return Optional.empty();
        }
    }

    /** Reads the command of a record. */
    static ContainerCommand command(Map<String, String> values) {
        List<String> words = new ArrayList<>();
        for (int i = 0; values.containsKey(WORD + i); i++) {
            words.add(values.get(WORD + i));
        }
        String millis = values.getOrDefault(MILLIS, "");
        Duration timeout = Duration.ofMillis(millis.matches("[1-9][0-9]{0,12}") ? Long.parseLong(millis) : 60_000);
        return new ContainerCommand(words, values.getOrDefault(USER, ""), timeout);
    }

    private static void remove(Optional<QuiesceRecord> record, String name) {
        try {
            if (record.isPresent()) {
                record.get().remove();
            }
        } catch (IOException e) {
            log.warn("record of a command that was run is not removed [name={}, cause={}]", name, e.toString());
        }
    }

    @Override
    public synchronized void close() throws IOException {
        ended |= abandoned && !record.orElseThrow().exists();
        if (ended) {
            return;
        }
        boolean done = false;
        try {
            UninterruptibleCleanup.run(this::end);
            done = true;
            remove(record, name);
        } finally {
            // A command that failed may not bear to be run twice: its record stays until this process has ended.
            if (!done && !ended) {
                abandoned = record.isPresent();
                LateRecovery.leave(record, client, "quiesced", () -> new QuiesceRecovery(client, journal).run());
            }
        }
    }

    /** Only an engine that does not answer is asked again: a command that failed may not bear to be run twice. */
    private void end() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                handle.close();
                ended = true;
                return;
            } catch (DockerException e) {
                ended = e.kind() != DockerException.Kind.UNREACHABLE;
                if (ended || attempt == ATTEMPTS) {
                    throw e;
                }
                log.warn("a session is not ended, trying again [name={}, cause={}]", name, e.toString());
                Io.sleep(FIRST_PAUSE_MILLIS << attempt);
            } catch (IOException e) {
                ended = true;
                throw e;
            }
        }
    }
}
