package dev.lifeboat.storage;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/** Bytes to store. The store opens them. */
public interface Content {
    /** Returns the length in bytes, or empty if it is not known before the end of the stream. */
    OptionalLong length();

    /**
     * Opens the bytes from the start. The caller closes the stream.
     *
     * @throws IllegalStateException if already opened and not {@link #repeatable()}
     */
    InputStream open() throws IOException;

    /** Returns whether {@link #open()} may be called again, so that a failed transfer can be retried. */
    boolean repeatable();

    /** Returns content of bytes in memory. The array is not copied. */
    static Content of(byte[] bytes) {
        return new Content() {
            @Override
            public OptionalLong length() {
                return OptionalLong.of(bytes.length);
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }

            @Override
            public boolean repeatable() {
                return true;
            }
        };
    }

    /** Returns content that can be read once, of unknown length, such as an archive that is being written. */
    static Content once(InputStream in) {
        return new Content() {
            private boolean opened;

            @Override
            public OptionalLong length() {
                return OptionalLong.empty();
            }

            @Override
            public InputStream open() {
                if (opened) {
                    throw new IllegalStateException("one-pass content was opened before");
                }
                opened = true;
                return in;
            }

            @Override
            public boolean repeatable() {
                return false;
            }
        };
    }
}
