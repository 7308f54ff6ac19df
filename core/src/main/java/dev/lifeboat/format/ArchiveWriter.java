package dev.lifeboat.format;

import dev.lifeboat.entry.EntrySink;
import java.io.IOException;
import java.util.Optional;

/** Writes one archive. Closing without {@link #finish} leaves only objects that a prune removes. */
public interface ArchiveWriter extends EntrySink, AutoCloseable {
    /**
     * Waits until everything sent is durable. Called once, last. A file that was wanted but not sent is not in the archive.
     *
     * @throws IOException if anything could not be stored; the archive does not count
     */
    Finished finish() throws IOException;

    /** The parent that this archive refers to; empty if there is none, or a prune stands in the way of using it. */
    Optional<ArchiveRoot> parent();

    /** Bytes stored so far, after compression. May be called by any thread. */
    long bytesStored();

    @Override
    void close() throws IOException;

    /**
     * An archive that is whole.
     *
     * @param root where it begins
     * @param entries in it
     * @param unchanged how many of them were taken over from the parent without reading
     * @param contentBytes the length of all files in it, holes included
     */
    record Finished(ArchiveRoot root, long entries, long unchanged, long contentBytes) {}
}
