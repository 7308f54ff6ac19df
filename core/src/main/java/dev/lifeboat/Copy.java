package dev.lifeboat;

import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.util.Optional;

/**
 * Copies a snapshot into another repository of any format and key: its entries, time, tags and series. The result is
 * the new snapshot, which has an id of its own. Content that the other repository already has is not stored again.
 * Content that is unchanged since the newest snapshot of the series there is not read again.
 */
public final class Copy extends Operation<Snapshot, Copy> {
    private final Snapshot snapshot;
    private final Repository target;

    Copy(OpenRepository repository, Snapshot snapshot, Repository target) {
        super(repository);
        this.snapshot = snapshot;
        this.target = target;
    }

    @Override
    Copy self() {
        return this;
    }

    @Override
    Snapshot execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.READING);
        try (ArchiveReader reader = repository.reader(snapshot)) {
            // Strict: a damaged file fails the copy, since a copy without it would look complete.
            return new SnapshotCopy(snapshot, reader)
                    .into(target.opened())
                    .strict()
                    .onEvent(events::send)
                    .run();
        }
    }

    @Override
    String outcome(Optional<Snapshot> result) {
        return result.map(s -> "snapshot " + s.id().value()).orElse("");
    }

    @Override
    String describe() {
        return "cannot copy " + snapshot.id() + " of " + snapshot.source() + " to " + target.location();
    }
}
