package dev.lifeboat.format.tar;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.frame.FrameCache;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads an entry list and checks order, number and form of the entries. Not thread-safe. */
final class EntryListReader implements ArchiveReader.Cursor {
    /** Maximum length of a line; a path may be long and attributes may be many, but memory must be bounded. */
    static final int MAX_LINE_BYTES = 8 << 20;

    private final TarManifest manifest;
    private final InputStream in;
    private final String label;
    private final byte[] buffer = new byte[Io.BUFFER_BYTES];
    private int at;
    private int filled;
    private long lines;
    private @Nullable EntryPath last;

    EntryListReader(TarManifest manifest, StorageTarget storage, FrameCache cache) throws IOException {
        this.manifest = manifest;
        label = manifest.entriesKey() + " in " + storage.location();
        in = cache.open(
                manifest.entriesSource(storage), 0, manifest.entries().frames().plainSize());
    }

    Optional<StoredEntry> nextStored() throws IOException {
        Io.checkInterrupt();
        byte[] line = readLine();
        if (line == null) {
            if (lines != manifest.entryCount()) {
                throw new DamagedException(
                        label + " is damaged: " + lines + " entries, expected " + manifest.entryCount());
            }
            return Optional.empty();
        }
        lines++;
        StoredEntry entry = EntryJson.read(line, "entry " + lines + " of " + label);
        EntryPath path = entry.entry().path();
        if (last != null && last.compareTo(path) >= 0) {
            throw new DamagedException(label + " is damaged: '" + path + "' comes after '" + last + "'");
        }
        if (entry.location().isPresent()
                && !manifest.needs().contains(entry.location().orElseThrow().archive())) {
            throw new DamagedException(
                    label + " is damaged: '" + path + "' lies in an archive that the manifest does not list as needed");
        }
        last = path;
        return Optional.of(entry);
    }

    @Override
    public Optional<ArchiveReader.Item> next() throws IOException {
        return nextStored()
                .map(s -> new ArchiveReader.Item(s.entry(), s.location().map(Location::sha256)));
    }

    private byte @Nullable [] readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        while (true) {
            if (at == filled) {
                filled = in.read(buffer);
                at = 0;
                if (filled < 0) {
                    if (line.size() > 0) {
                        throw new DamagedException(label + " is damaged: it ends in the middle of a line");
                    }
                    filled = 0;
                    return null;
                }
            }
            int start = at;
            while (at < filled && buffer[at] != '\n') {
                at++;
            }
            line.write(buffer, start, at - start);
            if (at < filled) {
                at++;
                return line.toByteArray();
            }
            if (line.size() > MAX_LINE_BYTES) {
                throw new DamagedException(label + " is damaged: a line is longer than " + MAX_LINE_BYTES + " bytes");
            }
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
