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
     * Sends the chosen entries in canonical order; reads content only where the sink wants it. A chosen hard link to a file
     * that is not chosen comes as a file. A file whose content is damaged is {@linkplain EntrySink#report reported}, and the rest follows. So does what
     * comes after a part of the list of entries that is damaged, if the format can tell: then that part is reported at its first path, chosen or not.
     *
     * @throws DamagedException if the list of entries is damaged otherwise
     */
    void sendTo(EntrySink sink, Predicate<? super Entry> chosen) throws IOException;

    /**
     * Checks that all can be read that tells of content, and no content.
     *
     * @throws DamagedException if something of it is damaged
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
     * Opens the content of one file, or of the file that a hard link names. The caller closes the stream. Damage shows as {@link
     * DamagedException} from reading, at the latest at the end.
     *
     * @throws java.io.FileNotFoundException if there is no such file
     */
    InputStream open(EntryPath path) throws IOException;

    @Override
    void close() throws IOException;

    /** Walks through entries in canonical order. Not thread-safe. */
    interface Cursor extends AutoCloseable {
        /** Returns the next entry; empty at the end. */
        Optional<Item> next() throws IOException;

        /**
         * Skips what comes next here and there, as far as it is known to be the same without reading it.
         *
         * @return entries skipped, in each
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
