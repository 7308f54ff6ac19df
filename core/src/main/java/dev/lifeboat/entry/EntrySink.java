package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;

/**
 * Takes entries: an archive being written, or a directory being restored.
 *
 * <p>Threads: {@link #offer} is called by one thread at a time; {@link #content} and {@link #report} may be called by many
 * at once, and {@code content} blocks while too many bytes are in flight.
 */
public interface EntrySink {
    /**
     * Announces an entry, once for each path, in the canonical order of {@link EntryPath}. The parent directory need not
     * have been offered; a sink then makes up what it needs.
     *
     * @return whether the content is wanted: only ever for a file. If so the caller sends it with {@link #content}, once,
     *     now or later, in any order; what it fails to send is not part of the result, and the caller has reported why. If not, the
     *     sink needs none, and the caller need not read it
     * @throws IOException if the sink cannot go on; nothing more may be sent
     */
    boolean offer(Entry entry) throws IOException;

    /**
     * Takes the content of an entry that was wanted: reads {@code in} to its end, of whatever length; does not close it. A
     * {@link SparseInputStream} brings holes.
     *
     * @param entry as offered, or with the newer size, attributes and fingerprint seen when the content was opened
     * @throws IOException what {@code in} threw, the very same: the entry is then not part of the result, and the sink goes on; or
     *     the sink's own, after which nothing more may be sent
     */
    void content(Entry entry, InputStream in) throws IOException;

    /**
     * Whether content must come right after its offer, before the next one, and on the same thread: for sinks in which what comes first says what to
     * do with the rest. The same at any time.
     */
    default boolean requiresInlineContent() {
        return false;
    }

    /** Notes that something about an entry was lost. */
    void report(Problem problem) throws IOException;
}
