package dev.lifeboat.entry;

import java.io.IOException;

/** Supplies entries, such as a directory being captured or an archive being read. */
@FunctionalInterface
public interface EntrySource {
    /**
     * Offers every entry to the sink and sends the content that the sink wants. On normal return everything was sent,
     * and each entry that could not be read was reported.
     *
     * @throws IOException if the source or the sink fails; exceptions of the sink are passed on unwrapped
     */
    void sendTo(EntrySink sink) throws IOException;
}
