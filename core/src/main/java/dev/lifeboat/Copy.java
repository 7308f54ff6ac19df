package dev.lifeboat;

import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;

/**
 * Copies a snapshot into another repository, whatever its format and key: its entries, its time, its tags and its series. Gives the new snapshot, which
 * has an id of its own. What of it the other repository has already is not stored again; what the series has unchanged there is not read again.
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
            // A damaged file is not left out as one that cannot be read is: nobody shall take the copy for whole.
            return new SnapshotCopy(snapshot, reader)
                    .into(target.opened())
                    .strict()
                    .onEvent(events::send)
                    .run();
        }
    }

    @Override
    String describe() {
        return "cannot copy " + snapshot.id() + " of " + snapshot.source() + " to " + target.location();
    }
}
