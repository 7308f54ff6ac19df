package dev.lifeboat;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;

/** A snapshot as a source, with the name of its series. */
record SnapshotCopy(Snapshot snapshot, ArchiveReader reader) implements SnapshotSource {
    /** Tag of a snapshot that has what is left of a broken one. Its value is the id of the broken one. */
    static final String REPLACES = "replaces";

    @Override
    public String name() {
        return snapshot.source();
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        reader.sendTo(sink, entry -> true);
    }

    /** Returns a backup of it into a repository, with its time and its tags. */
    Backup into(OpenRepository target) {
        Backup backup = new Backup(target, this).at(snapshot.time());
        snapshot.tags().forEach((name, value) -> {
            if (!name.equals(REPLACES)) {
                backup.tag(name, value);
            }
        });
        return backup;
    }
}
