package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Compares two snapshots, in canonical order. The result is the number of changes of each kind. */
public final class Diff extends Operation<Diff.Compared, Diff> {
    private final Snapshot older;
    private final Snapshot newer;
    private final List<Consumer<? super Change>> changeListeners = new ArrayList<>();

    Diff(OpenRepository repository, Snapshot older, Snapshot newer) {
        super(repository);
        this.older = older;
        this.newer = newer;
    }

    /** Kinds of differences. */
    public enum Kind {
        /** Only the newer snapshot has the entry. */
        ADDED,
        /** Only the older snapshot has the entry. */
        REMOVED,
        /** The type, the content, the target of a link or the device differs. */
        CONTENT,
        /** Only owner, mode, time or extended attributes differ. */
        METADATA
    }

    /** One difference. */
    public record Change(EntryPath path, Kind kind) {}

    /** The number of differences of each kind, and of entries without one. */
    public record Compared(Map<Kind, Long> changes, long unchanged) {
        /** Returns the number of differences of a kind. */
        public long changes(Kind kind) {
            return changes.getOrDefault(kind, 0L);
        }
    }

    /** Adds a listener. It receives each difference, in canonical order, on the thread that runs the operation. */
    @CanIgnoreReturnValue
    public Diff onChange(Consumer<? super Change> listener) {
        checkNotStarted();
        changeListeners.add(listener);
        return this;
    }

    @Override
    Diff self() {
        return this;
    }

    @Override
    Compared execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.COMPARING);
        Map<Kind, Long> changes = new EnumMap<>(Kind.class);
        long unchanged = 0;
        try (ArchiveReader oldReader = repository.reader(older);
                ArchiveReader newReader = repository.reader(newer);
                ArchiveReader.Cursor oldEntries = oldReader.entries();
                ArchiveReader.Cursor newEntries = newReader.entries()) {
            unchanged += oldEntries.skipSame(newEntries);
            Optional<ArchiveReader.Item> a = oldEntries.next();
            Optional<ArchiveReader.Item> b = newEntries.next();
            while (a.isPresent() || b.isPresent()) {
                int order = a.isEmpty()
                        ? 1
                        : b.isEmpty()
                                ? -1
                                : a.get()
                                        .entry()
                                        .path()
                                        .compareTo(b.get().entry().path());
                Optional<Kind> kind = order < 0
                        ? Optional.of(Kind.REMOVED)
                        : order > 0 ? Optional.of(Kind.ADDED) : compare(a.orElseThrow(), b.orElseThrow());
                EntryPath path = (order <= 0 ? a : b).orElseThrow().entry().path();
                events.entry(path);
                if (kind.isPresent()) {
                    changes.merge(kind.get(), 1L, Long::sum);
                    Change change = new Change(path, kind.get());
                    changeListeners.forEach(listener -> listener.accept(change));
                } else {
                    unchanged++;
                }
                if (order == 0) {
                    unchanged += oldEntries.skipSame(newEntries);
                }
                a = order <= 0 ? oldEntries.next() : a;
                b = order >= 0 ? newEntries.next() : b;
            }
        }
        events.progress();
        return new Compared(changes, unchanged);
    }

    private static Optional<Kind> compare(ArchiveReader.Item a, ArchiveReader.Item b) {
        Entry old = a.entry();
        Entry now = b.entry();
        if (old.type() != now.type()
                || !a.content().equals(b.content())
                || !old.link().equals(now.link())
                || !old.device().equals(now.device())) {
            return Optional.of(Kind.CONTENT);
        }
        return old.attributes().equals(now.attributes()) ? Optional.empty() : Optional.of(Kind.METADATA);
    }

    @Override
    String describe() {
        return "cannot compare " + older.id() + " with " + newer.id();
    }
}
