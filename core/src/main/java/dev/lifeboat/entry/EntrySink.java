package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Receives entries, such as an archive being written or a directory being restored.
 *
 * <p>Threads: {@link #offer} is called by one thread at a time. {@link #content} and {@link #report} may be called
 * concurrently; {@code content} blocks while too many bytes are in flight.
 */
public interface EntrySink {
    /**
     * Announces an entry: once for each path, in the canonical order of {@link EntryPath}. The parent directory need
     * not have been offered; the sink then creates what it needs.
     *
     * @return whether the sink wants the content; true only for a file. If so, the caller sends it once with
     *     {@link #content}, now or later, in any order. Content that the caller fails to send is not part of the
     *     result, and the caller reports why. If not, the caller need not read the content
     * @throws IOException if the sink cannot continue; nothing more may be sent
     */
    boolean offer(Entry entry) throws IOException;

    /**
     * Returns the entry of a file that was captured before and has not changed since, so that a source need not read
     * its metadata again before it offers the file. Called before the offer, by the thread that offers, in the same
     * order.
     *
     * @param fingerprint of the file as it is now, as {@link Entry#fingerprint} describes it, which changes with
     *     any metadata of the file, too
     * @return empty if the sink has none with this fingerprint
     * @throws IOException if the sink cannot continue
     */
    default Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return Optional.empty();
    }

    /**
     * Receives the content of an entry that was wanted. Reads {@code in} to its end, regardless of its length, and does
     * not close it. A {@link SparseInputStream} carries holes.
     *
     * @param entry as offered, or with the newer size, attributes and fingerprint seen when the content was opened
     * @throws IOException the same exception that {@code in} threw: the entry is then not part of the result, and the
     *     sink continues. Any other exception is the sink's own, after which nothing more may be sent
     */
    void content(Entry entry, InputStream in) throws IOException;

    /**
     * Returns whether content must directly follow its offer, before the next offer and on the same thread. Sinks need
     * this if earlier content decides how later entries are handled. The result is always the same.
     */
    default boolean requiresInlineContent() {
        return false;
    }

    /**
     * Returns the directories of this machine in which the repository that receives the entries keeps its objects. A
     * source that reads files of this machine does not read what is in them, since each backup would hold the objects
     * of the last one, and reports that: as {@link Problem.Kind#SKIPPED}, or as {@link Problem.Kind#FAILED} if there is
     * nothing else in the source. The result is always the same.
     */
    default List<Path> repositoryDirectories() {
        return List.of();
    }

    /** Records that something about an entry was lost. */
    void report(Problem problem) throws IOException;
}
