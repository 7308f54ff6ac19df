package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RestoreSink;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.ProblemCounts;
import dev.lifeboat.snapshot.Snapshot;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Restores a snapshot. Writes only what differs. */
public final class Restore extends Operation<Restore.Restored, Restore> {
    private final Snapshot snapshot;
    private final List<Consumer<? super RestoreChange>> changeListeners = new ArrayList<>();
    private EntryPath subtree = EntryPath.root();
    private @Nullable RestoreTarget target;
    private @Nullable Predicate<? super Entry> chosen;
    private boolean deleteExtra;
    private boolean dryRun;
    private boolean subtreeSeen;

    Restore(OpenRepository repository, Snapshot snapshot) {
        super(repository);
        this.snapshot = snapshot;
    }

    /**
     * What a restore did, or would do.
     *
     * @param entries number of chosen entries of the snapshot
     * @param changes number of changes of each kind
     * @param bytesWritten bytes of content
     * @param problems what could not be restored: the first 1,000
     * @param problemCounts number of problems of each kind
     */
    public record Restored(
            long entries,
            Map<RestoreChange.Action, Long> changes,
            long bytesWritten,
            List<Problem> problems,
            ProblemCounts problemCounts) {
        /** Returns whether everything that was chosen was restored. */
        public Completeness completeness() {
            return problemCounts.completeness();
        }

        /** Returns the number of changes of a kind. */
        public long changes(RestoreChange.Action action) {
            return changes.getOrDefault(action, 0L);
        }
    }

    /**
     * Sets the target. Required.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public Restore to(RestoreTarget newTarget) {
        checkNotStarted();
        if (target != null) {
            throw new IllegalStateException("the target is set already: " + target.location());
        }
        target = newTarget;
        return this;
    }

    /**
     * Restores only the entries that the predicate accepts, under their paths in the snapshot. The target creates
     * missing parent directories. That none is accepted is no error; {@code entries()} of the result is 0 then.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public Restore only(Predicate<? super Entry> newChosen) {
        checkNotStarted();
        if (chosen != null) {
            throw new IllegalStateException("only(..) is set already");
        }
        chosen = newChosen;
        return this;
    }

    /**
     * Restores a directory of the snapshot as if it were the root: {@code volumes/db/data} restores the files of that
     * volume. Paths in events and in {@link #only} are then relative to it.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public Restore subtree(EntryPath newSubtree) {
        checkNotStarted();
        if (!subtree.isRoot()) {
            throw new IllegalStateException("the subtree is set already: " + subtree);
        }
        subtree = newSubtree;
        return this;
    }

    /** Removes from the target what the snapshot does not have, after everything else has succeeded. */
    @CanIgnoreReturnValue
    public Restore deleteExtra() {
        checkNotStarted();
        deleteExtra = true;
        return this;
    }

    /** Changes nothing; listeners and the result report what would be changed. */
    @CanIgnoreReturnValue
    public Restore dryRun() {
        checkNotStarted();
        dryRun = true;
        return this;
    }

    /** Adds a listener. It receives each change; it must be thread-safe and quick. */
    @CanIgnoreReturnValue
    public Restore onChange(Consumer<? super RestoreChange> listener) {
        checkNotStarted();
        changeListeners.add(listener);
        return this;
    }

    /**
     * Runs this operation as a dry run and returns which entries would be changed, in that order. It does not return
     * the conflicts of a container's restore; its target has a plan of its own. The whole plan is held in memory; for
     * very many changes use {@link #dryRun} with {@link #onChange}.
     *
     * @throws BackupException as {@link #run} does
     */
    public List<RestoreChange> plan() {
        List<RestoreChange> plan = Collections.synchronizedList(new ArrayList<>());
        dryRun().onChange(plan::add).run();
        return List.copyOf(plan);
    }

    @Override
    void check() {
        if (target == null) {
            throw new IllegalStateException("the target is not set; give .to(target)");
        }
        if (deleteExtra && chosen != null) {
            throw new IllegalStateException(
                    "deleteExtra() with only(..) would delete everything that is not chosen; use subtree(..)");
        }
    }

    @Override
    Restore self() {
        return this;
    }

    @Override
    Restored execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.RESTORING);
        RestoreTarget to = target;
        if (to == null) {
            throw new IllegalStateException("checked before");
        }
        Map<RestoreChange.Action, Long> changes = new EnumMap<>(RestoreChange.Action.class);
        boolean partial = chosen != null || !subtree.isRoot();
        RestoreRequest.Listener listener = new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {
                synchronized (changes) {
                    changes.merge(change.action(), 1L, Long::sum);
                }
                changeListeners.forEach(listener -> listener.accept(change));
            }

            @Override
            public void problem(Problem problem) {
                events.problem(problem);
            }
        };
        RestoreRequest request = new RestoreRequest(dryRun, partial, deleteExtra, repository.directories(), listener);
        if (!partial) {
            events.expect(snapshot.stats().entries());
        }
        AtomicLong entries = new AtomicLong();
        // The archive first: if the snapshot cannot be read, the target is not changed.
        try (ArchiveReader reader = repository.reader(snapshot);
                RestoreTarget.Session session = to.begin(request)) {
            RestoreSink sink = new RestoreSink(session, events, subtree, entries);
            reader.sendTo(sink, this::isChosen);
            if (!subtreeSeen && !subtree.isRoot()) {
                throw new FileNotFoundException("snapshot " + snapshot.id() + " has no '" + subtree + "'");
            }
            session.commit();
        }
        events.progress();
        return new Restored(entries.get(), changes, events.bytesRead(), events.problems(), events.problemCounts());
    }

    private boolean isChosen(Entry entry) {
        if (!entry.path().startsWith(subtree)) {
            return false;
        }
        subtreeSeen = true;
        if (entry.path().equals(subtree) && entry.type() != EntryType.DIRECTORY) {
            // Not a directory: the sink throws.
            return true;
        }
        return chosen == null || chosen.test(subtree.isRoot() ? entry : RestoreSink.seenFrom(subtree, entry));
    }

    @Override
    String describe() {
        return "cannot restore " + snapshot.id() + " of " + snapshot.source()
                + (target == null ? "" : " to " + target.location());
    }

    @Override
    BackupException otherFailure(String message, IOException cause) {
        return cause instanceof FileNotFoundException
                ? new BackupException.NotFound(message)
                : new BackupException.TargetFailed(message, cause);
    }
}
