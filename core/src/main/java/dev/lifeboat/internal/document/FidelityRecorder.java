package dev.lifeboat.internal.document;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.ProblemJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Forwards a capture to another sink, and records how each part was read and what was lost, for
 * {@code lifeboat/fidelity.json}. Thread-safe as a sink.
 */
public final class FidelityRecorder extends ForwardingEntrySink {
    private static final EntryPath APP = SnapshotDocuments.LIFEBOAT.resolve("app.json");
    private static final EntryPath FIDELITY = SnapshotDocuments.LIFEBOAT.resolve("fidelity.json");
    private static final int MAX_PROBLEMS = 10_000;

    private final EntrySink sink;
    private final Map<String, @Nullable Object> parts = new LinkedHashMap<>();
    private final List<@Nullable Object> problems = new ArrayList<>();
    private long problemCount;
    private boolean appWanted;
    private boolean fidelityWanted;

    public FidelityRecorder(EntrySink sink) {
        super(sink);
        this.sink = sink;
    }

    /** Records how a part was read. */
    public synchronized void note(EntryPath part, String how) {
        parts.put(part.toString(), how);
    }

    /** Records how a part was read, and what every entry of it lost as a result. */
    public void noteLoss(EntryPath part, String how, String lost) throws IOException {
        note(part, how);
        report(new Problem(part, Problem.Kind.DEGRADED, how + ": " + lost));
    }

    /** Offers the documents about the capture itself, whose content is known only at its end. */
    public void offerDocuments() throws IOException {
        SnapshotDocuments.directory(sink, SnapshotDocuments.LIFEBOAT);
        appWanted = SnapshotDocuments.offerLate(sink, APP);
        fidelityWanted = SnapshotDocuments.offerLate(sink, FIDELITY);
    }

    /** Sends the documents about the capture. */
    public void sendDocuments(JsonObject app) throws IOException {
        if (appWanted) {
            SnapshotDocuments.sendLate(sink, APP, app.toPrettyBytes());
        }
        if (fidelityWanted) {
            JsonObject fidelity;
            synchronized (this) {
                fidelity = JsonObject.create()
                        .put("lifeboat", "fidelity")
                        .put("version", 1)
                        .put("readBy", parts)
                        .put("problemCount", problemCount)
                        .put("problems", problems);
            }
            SnapshotDocuments.sendLate(sink, FIDELITY, fidelity.toPrettyBytes());
        }
    }

    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return delegateUnchanged(path, fingerprint);
    }

    @Override
    public void report(Problem problem) throws IOException {
        synchronized (this) {
            problemCount++;
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(ProblemJson.encode(problem));
            }
        }
        sink.report(problem);
    }
}
