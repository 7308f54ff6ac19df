package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.catalog.Session;
import dev.lifeboat.internal.catalog.TagStore;
import dev.lifeboat.internal.engine.CaptureSink;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.PreCopySink;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.QuiesceScope;
import dev.lifeboat.internal.engine.QuiescedSink;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.engine.SessionGuard;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.snapshot.BackupStrategy;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.PreconditionFailedException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Backs up a source. The result is the new snapshot. It is listed once the backup has succeeded, and not before. */
public final class Backup extends Operation<Snapshot, Backup> {
    private final SnapshotSource source;
    private final SortedMap<String, String> tags = new TreeMap<>();
    private @Nullable BackupStrategy strategy;
    private boolean strict;
    private long spoolLimit = 1L << 30;
    private Optional<Duration> quiesceLimit = Optional.empty();
    private @Nullable String series;
    private @Nullable Instant time;

    Backup(OpenRepository repository, SnapshotSource source) {
        super(repository);
        this.source = source;
    }

    /**
     * Sets which snapshot to build on; {@link BackupStrategy#INCREMENTAL} unless set.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public Backup strategy(BackupStrategy newStrategy) {
        checkNotStarted();
        if (strategy != null) {
            throw new IllegalStateException("the strategy is set already: " + strategy);
        }
        strategy = newStrategy;
        return this;
    }

    /**
     * Tags the snapshot.
     *
     * @throws IllegalStateException if it has a tag of that name
     * @throws IllegalArgumentException if the name is empty, or either is longer than 255 characters
     */
    @CanIgnoreReturnValue
    public Backup tag(String name, String value) {
        checkNotStarted();
        TagStore.check(name, value);
        if (tags.putIfAbsent(name, value) != null) {
            throw new IllegalStateException("tag '" + name + "' is set already");
        }
        return this;
    }

    /** Fails at the first entry that cannot be captured as it is, instead of continuing without it. */
    @CanIgnoreReturnValue
    public Backup strict() {
        checkNotStarted();
        strict = true;
        return this;
    }

    /**
     * Sets how much of what is read while the source is quiesced may wait in memory, and then in a temporary file,
     * until the source is resumed; 1 GiB unless set. If there is more, the source stays quiesced while it is stored.
     *
     * @param bytes 0 or more
     * @throws IllegalArgumentException if it is negative
     */
    @CanIgnoreReturnValue
    public Backup spoolLimit(long bytes) {
        checkNotStarted();
        if (bytes < 0) {
            throw new IllegalArgumentException("spool limit is negative: " + bytes);
        }
        spoolLimit = bytes;
        return this;
    }

    /**
     * Sets how long the source may be quiesced; there is no limit unless it is set. At the limit it is resumed, and the
     * rest is read as it is then: the snapshot has a problem of kind {@link Problem.Kind#CHANGED}. With
     * {@link #strict}, the backup fails.
     *
     * @throws IllegalArgumentException if the limit is not positive
     */
    @CanIgnoreReturnValue
    public Backup quiesceAtMost(Duration limit) {
        checkNotStarted();
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("the limit of quiescing is not positive: " + limit);
        }
        quiesceLimit = Optional.of(limit);
        return this;
    }

    /** Sets the time of the snapshot, for a copy, which has the time of its original. */
    @CanIgnoreReturnValue
    Backup at(Instant newTime) {
        time = newTime;
        return this;
    }

    @Override
    Backup self() {
        return this;
    }

    @Override
    Snapshot execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.PREPARING);
        series = checkedName();
        if (source.requiresEncryption() && !repository.keys().isEncrypted()) {
            throw new IOException("the source holds secrets, and the repository is not encrypted; use one that is, or"
                    + " leave the secrets out: the source has options for that");
        }
        repository.replicated().ifPresent(ReplicatedStorage::begin);
        Optional<Snapshot> parent = parent(series);
        Instant begun = events.clock().instant();
        SnapshotId id = repository.ids().next(series, time == null ? begun : time);
        Session session = new Session(id, series, parent.map(Snapshot::archive));
        parent.ifPresent(earlier -> events.expect(earlier.stats().entries()));
        SessionGuard guard = new SessionGuard(repository, id);
        try (guard) {
            repository.catalog().open(session, begun);
            return capture(session, parent, guard, events, running);
        }
    }

    private Snapshot capture(
            Session session,
            Optional<Snapshot> parent,
            SessionGuard guard,
            ProgressTracker events,
            RunningOperations.Running running)
            throws IOException {
        SnapshotId id = session.id();
        try (ArchiveWriter writer = writer(id, parent)) {
            Optional<ArchiveRoot> parentRoot = writer.parent();
            Optional<FirstPass> firstPass = preCopy(writer, events);
            Instant readFrom = time == null ? events.clock().instant() : time;
            Optional<Duration> quiesced = read(writer, firstPass, events, running);
            running.checkNotCancelled();
            events.phase(Phase.COMMITTING);
            ArchiveWriter.Finished archive = writer.finish();
            events.stored(writer.bytesStored());
            Snapshot snapshot = new Snapshot(
                    id,
                    session.source(),
                    readFrom,
                    parentRoot.isEmpty() ? BackupStrategy.FULL : strategyOrDefault(),
                    parentRoot.isEmpty() ? Optional.empty() : parent.map(Snapshot::id),
                    tags,
                    archive.root(),
                    new Snapshot.Stats(
                            archive.entries(),
                            archive.unchanged(),
                            archive.contentBytes(),
                            events.bytesRead(),
                            writer.bytesStored(),
                            events.problemCounts(),
                            quiesced,
                            events.elapsed()),
                    events.problems());
            repository.awaitQuorum();
            guard.committing();
            commit(snapshot);
            guard.committed();
            repository.settleReplicas();
            events.progress();
            return snapshot;
        }
    }

    private String checkedName() throws IOException {
        String name = source.name();
        if (name.isEmpty() || name.length() > 255 || name.chars().anyMatch(Character::isISOControl)) {
            throw new IOException("source name is not in 1..255 characters without control characters: '" + name + "'");
        }
        return name;
    }

    private BackupStrategy strategyOrDefault() {
        return strategy == null ? BackupStrategy.INCREMENTAL : strategy;
    }

    private Optional<Snapshot> parent(String series) throws IOException {
        BackupStrategy chosen = strategyOrDefault();
        if (chosen == BackupStrategy.FULL) {
            return Optional.empty();
        }
        String format = repository.format().id();
        return repository
                .catalog()
                .newest(
                        series,
                        earlier -> chosen.buildsOn(earlier)
                                && earlier.archive().format().equals(format));
    }

    /**
     * Opens the writer of the archive. The format reads the records of pending deletions first; only after that does it
     * matter whether the parent is still listed.
     */
    private ArchiveWriter writer(SnapshotId id, Optional<Snapshot> parent) throws IOException {
        FormatContext context = repository.writeContext();
        ArchiveWriter writer = repository.format().write(context, id.value(), parent.map(Snapshot::archive));
        if (writer.parent().isEmpty()
                || repository.catalog().exists(parent.orElseThrow().id())) {
            return writer;
        }
        writer.close();
        return repository.format().write(context, id.value(), Optional.empty());
    }

    /** What was stored of the source while it was running. */
    private record FirstPass(PreCopySink sink, PreCopy stored) {}

    private Optional<FirstPass> preCopy(ArchiveWriter writer, ProgressTracker events) throws IOException {
        Optional<EntrySource> running = source.preCopy();
        if (running.isEmpty()) {
            return Optional.empty();
        }
        events.phase(Phase.PRE_COPYING);
        PreCopySink sink = new PreCopySink(writer, events, repository.directories());
        return writer.preCopy(() -> running.get().sendTo(sink)).map(stored -> new FirstPass(sink, stored));
    }

    /** Reads the source while it is quiesced, and resumes it even if reading fails. */
    private Optional<Duration> read(
            ArchiveWriter writer,
            Optional<FirstPass> firstPass,
            ProgressTracker events,
            RunningOperations.Running running)
            throws IOException {
        CaptureSink sink = new CaptureSink(writer, events, strict, repository.directories());
        events.phase(Phase.READING);
        Executor executor = repository.writeContext().executor();
        QuiesceScope scope = new QuiesceScope(events, running, quiesceLimit, executor);
        if (firstPass.isEmpty()) {
            try (scope) {
                source.sendTo(sink, scope);
            }
            reportLimit(scope, sink);
            return scope.lasted();
        }
        try (PreCopy stored = firstPass.get().stored();
                QuiescedSink kept = new QuiescedSink(sink, firstPass.get().sink(), stored, spoolLimit, executor)) {
            try (scope) {
                source.sendTo(kept, handle -> {
                    scope.hold(handle);
                    if (handle != QuiesceHandle.none()) {
                        kept.hold();
                    }
                });
            }
            reportLimit(scope, sink);
            kept.release();
        }
        return scope.lasted();
    }

    private static void reportLimit(QuiesceScope scope, CaptureSink sink) throws IOException {
        Optional<Duration> limit = scope.exceeded();
        if (limit.isPresent()) {
            sink.report(new Problem(
                    EntryPath.root(),
                    Problem.Kind.CHANGED,
                    "the source was resumed after " + limit.get().toMillis()
                            + " ms, the limit of quiesceAtMost(..), before all of it was read: its files may be a mix"
                            + " of states"));
        }
    }

    private void commit(Snapshot snapshot) throws IOException {
        try {
            repository.catalog().commit(snapshot);
        } catch (PreconditionFailedException e) {
            throw new BackupException.SessionEnded(
                    describe()
                            + ": a prune ended it, since it was older than endBackupsOlderThan(..); run it again, "
                            + "and set a longer duration there",
                    e);
        }
    }

    @Override
    String outcome(Optional<Snapshot> result) {
        return result.map(s -> "snapshot " + s.id().value() + " of " + s.source())
                .orElse("");
    }

    @Override
    String describe() {
        return "cannot back up " + (series == null ? source : series);
    }

    @Override
    BackupException otherFailure(String message, IOException cause) {
        return new BackupException.SourceFailed(message, cause);
    }
}
