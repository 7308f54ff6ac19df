package dev.lifeboat.testkit;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.SnapshotSource;
import java.io.IOException;

/** Sends entries of any kind as a series of some name. */
public final class NamedSource {
    private NamedSource() {}

    /** Names what sends entries; each snapshot asks it once more. */
    public static SnapshotSource of(String name, EntrySource source) {
        return new SnapshotSource() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                source.sendTo(sink);
            }
        };
    }
}
