package dev.lifeboat.oci.internal.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What is sent to a registry: content of known length, which can be read again for another attempt. */
public interface Body {
    /** Nothing. */
    Body EMPTY = of(new byte[0]);

    /** Length in bytes. */
    long length();

    /** Opens the content, from its beginning. */
    InputStream open() throws IOException;

    /** Bytes in memory. */
    static Body of(byte[] bytes) {
        return of(bytes.length, () -> new ByteArrayInputStream(bytes));
    }

    /** Content that can be opened again and again. */
    static Body of(long length, Opener opener) {
        return new Body() {
            @Override
            public long length() {
                return length;
            }

            @Override
            public InputStream open() throws IOException {
                return opener.open();
            }
        };
    }

    /** Opens content. */
    interface Opener {
        /** Opens it from its beginning. */
        InputStream open() throws IOException;
    }
}
