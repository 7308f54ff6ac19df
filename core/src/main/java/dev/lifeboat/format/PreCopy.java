package dev.lifeboat.format;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * What a writer has stored in a first pass over a source that was still running. Used by one thread, before the entries
 * are offered to the writer. Closed by the caller, before the writer.
 */
public interface PreCopy extends AutoCloseable {
    /**
     * Returns whether the first pass has the content of a file; then {@link ArchiveWriter#offer} will not want it.
     * Asked for files in canonical order.
     *
     * @throws IOException if what was stored cannot be looked up
     */
    boolean has(Entry file) throws IOException;

    /**
     * Returns the entry of a file that the first pass has with this fingerprint. Asked for files in canonical order,
     * before {@link #has}.
     *
     * @throws IOException if what was stored cannot be looked up
     */
    Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException;

    /**
     * Returns whether {@link #open} works; it does not without the right to read.
     */
    boolean isReadable();

    /**
     * Reads content that was stored in the first pass. May be called by any thread.
     *
     * @throws IOException if it cannot be read
     */
    InputStream open(EntryPath file) throws IOException;

    @Override
    void close() throws IOException;
}
