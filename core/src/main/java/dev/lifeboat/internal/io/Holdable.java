package dev.lifeboat.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A stream over a file, of which nothing was read yet. */
public interface Holdable {
    /**
     * Makes a copy of the file that shares its blocks, and so takes neither time nor space.
     *
     * @return what this stream would return; empty if the file system has no such copies, as only some have: XFS, Btrfs
     */
    Optional<HeldContent> hold() throws IOException;

    /**
     * Opens the file again, as it is then and later. The caller closes it.
     *
     * @return empty if this stream is not the file as it is, since it leaves out holes
     */
    Optional<Blocks> blocks() throws IOException;

    /** A file that is read in any order. */
    interface Blocks extends Closeable {
        /**
         * Reads into a direct buffer until it is full or the file ends.
         *
         * @param at offset in the file
         * @return the number of bytes read
         */
        int read(ByteBuffer direct, long at) throws IOException;

        @Override
        void close();
    }
}
