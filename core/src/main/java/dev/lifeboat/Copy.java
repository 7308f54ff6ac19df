package dev.lifeboat;

import dev.lifeboat.OperationEvent.Phase;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.ArchiveReader;
import java.io.IOException;

/**
 * Copies a snapshot into another repository, whatever its format and key: its entries, its time, its tags and its series. Gives the new snapshot, which
 * has an id of its own. What of it the other repository has already is not stored again; what the series has unchanged there is not read again.
 */
public final class Copy extends Operation<Snapshot, Copy> {
    private final Snapshot snapshot;
    private final Repository target;

    Copy(Repository repository, Snapshot snapshot, Repository target) {
        super(repository);
        this.snapshot = snapshot;
        this.target = target;
    }

    @Override
    Copy self() {
        return this;
    }

    @Override
    Snapshot execute(Events events) throws IOException {
        events.phase(Phase.READING);
        try (ArchiveReader reader = repository.reader(snapshot)) {
            Backup backup = new Backup(target, new Source(reader)).at(snapshot.time());
            snapshot.tags().forEach(backup::tag);
            // A damaged file is not left out as one that cannot be read is: nobody shall take the copy for whole.
            return backup.strict().onEvent(events::send).run();
        }
    }

    private final class Source implements SnapshotSource {
        private final ArchiveReader reader;

        Source(ArchiveReader reader) {
            this.reader = reader;
        }

        @Override
        public String name() {
            return snapshot.source();
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            reader.sendTo(sink, entry -> true);
        }
    }

    @Override
    String describe() {
        return "cannot copy " + snapshot.id() + " of " + snapshot.source() + " to " + target.location();
    }
}
