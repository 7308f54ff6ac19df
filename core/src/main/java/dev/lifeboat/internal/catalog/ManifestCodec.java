package dev.lifeboat.internal.catalog;

import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.ProblemJson;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.snapshot.BackupStrategy;
import dev.lifeboat.snapshot.ProblemCounts;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Encodes and decodes the objects of the engine: descriptor, sessions, outcomes. docs/FORMAT.md, sections 3 and 4. */
public final class ManifestCodec {
    public static final String REPOSITORY = "repository";
    public static final String SESSION = "session";
    public static final String OUTCOME = "outcome";
    public static final int VERSION = 1;
    /** Version of the descriptor, and thus of the layout. */
    public static final int DESCRIPTOR_VERSION = 1;

    private ManifestCodec() {}

    /** Encodes a session. */
    public static JsonObject toJson(Session session, Instant now) {
        return SealedDocument.start(SESSION, VERSION)
                .put("id", session.id().value())
                .put("source", session.source())
                .put("started", now.toString())
                .put("parent", session.parent().map(ManifestCodec::rootJson));
    }

    /** Decodes a session. */
    public static Session session(JsonObject json) throws IOException {
        return parsed(
                json,
                () -> new Session(
                        new SnapshotId(json.string("id")),
                        json.string("source"),
                        json.has("parent") ? Optional.of(root(json.object("parent"))) : Optional.empty()));
    }

    /** Encodes the outcome of a backup that was ended before it could commit. */
    public static JsonObject abortedOutcome(SnapshotId id, Instant now) {
        return SealedDocument.start(OUTCOME, VERSION)
                .put("id", id.value())
                .put("aborted", true)
                .put("time", now.toString());
    }

    public static JsonObject outcome(Snapshot snapshot, Envelope envelope) {
        Snapshot.Stats stats = snapshot.stats();
        List<@Nullable Object> problems = ProblemJson.encode(snapshot.problems());
        JsonObject json = SealedDocument.start(OUTCOME, VERSION)
                .put("id", snapshot.id().value())
                .put("source", snapshot.source())
                .put("time", snapshot.time().toString())
                .put("strategy", snapshot.strategy().name())
                .put("parent", snapshot.parent().map(SnapshotId::value))
                .put("tags", snapshot.tags())
                .put("archive", rootJson(snapshot.archive()))
                .put(
                        "stats",
                        JsonObject.create()
                                .put("entries", stats.entries())
                                .put("unchanged", stats.unchanged())
                                .put("contentBytes", stats.contentBytes())
                                .put("bytesRead", stats.bytesRead())
                                .put("bytesStored", stats.bytesStored())
                                .put("problems", problemCounts(stats.problems()))
                                .put("quiescedNanos", stats.quiesced().map(Duration::toNanos))
                                .put("durationNanos", stats.duration().toNanos()));
        if (!envelope.isEncrypted()) {
            return json.put("problems", problems);
        }
        // Problems name paths, so only readers may see them.
        JsonObject sealed = envelope.seal(
                Right.READ, problemsLabel(snapshot.id()), JsonObject.create().put("problems", problems));
        return json.put("sealedProblems", sealed);
    }

    private static JsonObject problemCounts(ProblemCounts counts) {
        JsonObject json = JsonObject.create();
        counts.byKind().forEach((kind, count) -> json.put(kind.name(), count));
        return json;
    }

    private static ProblemCounts problemCounts(JsonObject json) throws IOException {
        Map<Problem.Kind, Long> counts = new EnumMap<>(Problem.Kind.class);
        for (String kind : json.members().keySet()) {
            counts.put(Problem.Kind.valueOf(kind), json.size(kind));
        }
        return new ProblemCounts(counts);
    }

    private static String problemsLabel(SnapshotId id) {
        return "problems " + id.value();
    }

    /** Decodes the problems. A client with write-only access gets none, only their number. */
    private static List<Problem> problems(JsonObject json, Envelope envelope) throws IOException {
        JsonObject holder = json;
        if (envelope.isEncrypted()) {
            if (!envelope.mayRead()) {
                return List.of();
            }
            holder = envelope.unseal(
                    Right.READ,
                    json.object("sealedProblems"),
                    problemsLabel(new SnapshotId(json.string("id"))),
                    "the problems of " + json);
        }
        return ProblemJson.decode(holder.objects("problems"));
    }

    /** Decodes an outcome; empty if the backup was aborted. */
    public static Optional<Snapshot> snapshot(JsonObject json, Envelope envelope) throws IOException {
        if (json.flag("aborted")) {
            return Optional.empty();
        }
        return Optional.of(parsed(json, () -> {
            JsonObject stats = json.object("stats");
            List<Problem> problems = problems(json, envelope);
            Map<String, String> tags = json.stringMap("tags");
            return new Snapshot(
                    new SnapshotId(json.string("id")),
                    json.string("source"),
                    Instant.parse(json.string("time")),
                    BackupStrategy.valueOf(json.string("strategy")),
                    json.optionalString("parent").map(SnapshotId::new),
                    new TreeMap<>(tags),
                    root(json.object("archive")),
                    new Snapshot.Stats(
                            stats.size("entries"),
                            stats.size("unchanged"),
                            stats.size("contentBytes"),
                            stats.size("bytesRead"),
                            stats.size("bytesStored"),
                            problemCounts(stats.object("problems")),
                            stats.has("quiescedNanos")
                                    ? Optional.of(Duration.ofNanos(stats.size("quiescedNanos")))
                                    : Optional.empty(),
                            Duration.ofNanos(stats.size("durationNanos"))),
                    problems);
        }));
    }

    private static JsonObject rootJson(ArchiveRoot root) {
        return JsonObject.create().put("format", root.format()).put("reference", root.reference());
    }

    private static ArchiveRoot root(JsonObject json) throws IOException {
        return new ArchiveRoot(json.string("format"), json.string("reference"));
    }

    @FunctionalInterface
    private interface Parser<T> {
        T parse() throws IOException;
    }

    private static <T> T parsed(JsonObject json, Parser<T> parser) throws IOException {
        try {
            return parser.parse();
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new DamagedException(json + " is damaged: " + e.getMessage(), e);
        }
    }
}
