package dev.lifeboat.entry;

import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.util.Optional;

/**
 * A source whose series has another name.
 *
 * @param source that sends the entries
 * @param name of the series
 */
record RenamedSource(SnapshotSource source, String name) implements SnapshotSource {
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        source.sendTo(sink);
    }

    @Override
    public boolean requiresEncryption() {
        return source.requiresEncryption();
    }

    @Override
    public Optional<EntrySource> preCopy() throws IOException {
        return source.preCopy();
    }

    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        source.sendTo(sink, holder);
    }

    @Override
    public QuiesceHandle quiesce() throws IOException {
        return source.quiesce();
    }

    @Override
    public String toString() {
        return source + " as " + name;
    }
}
