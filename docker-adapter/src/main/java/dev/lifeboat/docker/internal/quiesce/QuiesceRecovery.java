package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.quiesce.Quiesce.Level;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Resumes containers that a process has quiesced and, since it was killed, not resumed. */
public final class QuiesceRecovery {
    private static final Logger log = LoggerFactory.getLogger(QuiesceRecovery.class);

    private final EngineClient client;
    private final QuiesceJournal journal;

    /** Recovers containers of one engine by the records of one journal. */
    public QuiesceRecovery(EngineClient client, QuiesceJournal journal) {
        this.client = client;
        this.journal = journal;
    }

    /**
     * Resumes them; returns their names.
     *
     * @throws IOException if the journal cannot be read, or a container not be resumed; its record stays
     */
    public List<String> run() throws IOException {
        List<String> resumed = new ArrayList<>();
        journal.exclusively(() -> recover(resumed));
        return resumed;
    }

    private void recover(List<String> resumed) throws IOException {
        IOException failure = null;
        List<QuiesceJournal.QuiesceRecord> records = new ArrayList<>(journal.abandoned());
        // Commands run in containers that are resumed by then.
        records.sort(Comparator.<QuiesceJournal.QuiesceRecord, Boolean>comparing(
                        record -> HeldSession.EXEC.equals(record.values().get("quiesce")))
                .thenComparing(QuiesceRecovery::order));
        for (QuiesceJournal.QuiesceRecord record : records) {
            Map<String, String> values = record.values();
            // Records of restores have no level; they are recovered elsewhere.
            if (!client.uri().toString().equals(values.get("engine")) || !values.containsKey("quiesce")) {
                continue;
            }
            String name = values.getOrDefault("name", "");
            boolean command = HeldSession.EXEC.equals(values.get("quiesce"));
            Level level = Level.STOP.name().equals(values.get("quiesce")) ? Level.STOP : Level.PAUSE;
            try {
                if (command) {
                    runCommand(values.getOrDefault("container", ""), name, values);
                } else {
                    QuiescedContainer.recover(
                            new Containers(client),
                            values.getOrDefault("container", ""),
                            name,
                            level,
                            values.getOrDefault(QuiescedContainer.STARTED_AT, ""));
                }
                record.remove();
            } catch (IOException e) {
                // One that cannot be resumed keeps no other from it.
                failure = failure == null ? e : failure;
                continue;
            }
            log.warn("container resumed, which was left quiesced [name={}]", name);
            if (!resumed.contains(name)) {
                resumed.add(name);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** A container that does not run holds no session. */
    private void runCommand(String id, String name, Map<String, String> values) throws IOException {
        try {
            if (new Containers(client).inspect(id).state().isActive()) {
                new EngineContainer(client, id, name).check(HeldSession.command(values));
            }
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /** What others depend on comes first. */
    private static int order(QuiesceJournal.QuiesceRecord record) {
        String order = record.values().getOrDefault("order", "");
        return order.matches("[0-9]{1,9}") ? Integer.parseInt(order) : 0;
    }
}
