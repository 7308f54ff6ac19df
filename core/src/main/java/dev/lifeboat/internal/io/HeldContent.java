package dev.lifeboat.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** Content that stays as it is until it is closed. Used by one thread at a time. */
@FunctionalInterface
public interface HeldContent extends Closeable {
    /** Reads the content, once. */
    InputStream open() throws IOException;

    /** Frees what the content takes, if anything. */
    @Override
    default void close() throws IOException {}
}
