package dev.lifeboat.entry;

import java.io.IOException;

/** Gives entries: a directory being captured, or an archive being read. */
@FunctionalInterface
public interface EntrySource {
    /**
     * Offers every entry to the sink and sends the content that it wants. Returning means that all was sent; an entry that
     * could not be read was reported.
     *
     * @throws IOException from the source or from the sink; the sink's own are passed on unwrapped
     */
    void sendTo(EntrySink sink) throws IOException;
}
