package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.quiesce.Quiesce;
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
        records.sort(Comparator.comparingInt(QuiesceRecovery::order));
        for (QuiesceJournal.QuiesceRecord record : records) {
            Map<String, String> values = record.values();
            // Records of restores have no level; they are recovered elsewhere.
            if (!client.uri().toString().equals(values.get("engine")) || !values.containsKey("quiesce")) {
                continue;
            }
            String name = values.getOrDefault("name", "");
            Quiesce quiesce = Quiesce.STOP.name().equals(values.get("quiesce")) ? Quiesce.STOP : Quiesce.PAUSE;
            try {
                QuiescedContainer.resume(new Containers(client), values.getOrDefault("container", ""), name, quiesce);
                record.remove();
            } catch (IOException e) {
                // One that cannot be resumed keeps no other from it.
                failure = failure == null ? e : failure;
                continue;
            }
            log.warn("container resumed, which a process that was killed had quiesced [name={}]", name);
            resumed.add(name);
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** What others depend on comes first. */
    private static int order(QuiesceJournal.QuiesceRecord record) {
        String order = record.values().getOrDefault("order", "");
        return order.matches("[0-9]{1,9}") ? Integer.parseInt(order) : 0;
    }
}
