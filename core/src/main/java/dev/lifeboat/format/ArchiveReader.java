package dev.lifeboat.format;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads one archive. Safe for use by many threads. */
public interface ArchiveReader extends AutoCloseable {
    /**
     * Sends the chosen entries in canonical order. Reads content only if the sink wants it. A chosen hard link to a
     * file that is not chosen is sent as a file. A file whose content is damaged is
     * {@linkplain EntrySink#report reported}, and the rest follows. If part of the list of entries is damaged, and the
     * format can locate it, that part is reported at its first path, chosen or not, and the rest follows, too.
     *
     * @throws DamagedException if the list of entries is damaged in another way
     */
    void sendTo(EntrySink sink, Predicate<? super Entry> chosen) throws IOException;

    /**
     * Checks that everything that describes content can be read. Reads no content.
     *
     * @throws DamagedException if part of it is damaged
     */
    default void checkList() throws IOException {
        try (Cursor cursor = entries()) {
            boolean more = true;
            while (more) {
                more = cursor.next().isPresent();
            }
        }
    }

    /** Opens the list of entries. The caller closes it. */
    Cursor entries() throws IOException;

    /**
     * Opens the content of one file, or of the file that a hard link names. The caller closes the stream. Reading
     * throws {@link DamagedException} on damage, at the latest at the end.
     *
     * @throws java.io.FileNotFoundException if there is no such file
     */
    InputStream open(EntryPath path) throws IOException;

    @Override
    void close() throws IOException;

    /** Iterates over entries in canonical order. Not thread-safe. */
    interface Cursor extends AutoCloseable {
        /** Returns the next entry; empty at the end. */
        Optional<Item> next() throws IOException;

        /**
         * Returns the next entry whose path is not before another one, and skips those before it. This implementation
         * reads them.
         */
        default Optional<Item> nextFrom(EntryPath start) throws IOException {
            Optional<Item> next = next();
            while (next.isPresent() && next.get().entry().path().compareTo(start) < 0) {
                next = next();
            }
            return next;
        }

        /**
         * Skips the next entries of both cursors, as far as they are known to be equal without reading them.
         *
         * @return number of entries skipped in each
         */
        default long skipSame(Cursor other) throws IOException {
            return 0;
        }

        @Override
        void close() throws IOException;
    }

    /**
     * An entry in the archive.
     *
     * @param entry its metadata
     * @param content a name that is equal, within the format, if and only if the content is; empty for all but files
     */
    record Item(Entry entry, Optional<String> content) {}
}
