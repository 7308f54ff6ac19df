package dev.lifeboat.format;

import dev.lifeboat.entry.EntrySink;
import java.io.IOException;
import java.util.Optional;

/** Writes one archive. Closing without {@link #finish} leaves only objects that a prune removes. */
public interface ArchiveWriter extends EntrySink, AutoCloseable {
    /**
     * Stores content in a first pass, while its source still runs, so that only what has changed since needs to be read
     * while it is quiesced. Called at most once, as the first call. The entries of this pass are not part of the
     * archive: all entries are offered again.
     *
     * @param pass sends the source to this writer
     * @return what is stored now; empty if this format has no first pass, and then {@code pass} was not run
     * @throws IOException if the pass fails, or content could not be stored
     */
    default Optional<PreCopy> preCopy(Pass pass) throws IOException {
        return Optional.empty();
    }

    /**
     * Waits until everything sent is durable. Called once, as the last call. A file that was wanted but not sent is not
     * in the archive.
     *
     * @throws IOException if anything could not be stored; the archive does not count
     */
    Finished finish() throws IOException;

    /** Sends a source. */
    @FunctionalInterface
    interface Pass {
        /** Sends all entries. */
        void run() throws IOException;
    }

    /** Returns the parent that this archive refers to; empty if there is none, or a prune prevents its use. */
    Optional<ArchiveRoot> parent();

    /** Returns the number of bytes stored so far, after compression. May be called by any thread. */
    long bytesStored();

    @Override
    void close() throws IOException;

    /**
     * A complete archive.
     *
     * @param root where it begins
     * @param entries number of entries in it
     * @param unchanged number of entries taken from the parent without reading content
     * @param contentBytes the length of all files in it, including holes
     */
    record Finished(ArchiveRoot root, long entries, long unchanged, long contentBytes) {}
}
