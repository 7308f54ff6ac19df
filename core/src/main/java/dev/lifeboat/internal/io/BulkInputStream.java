package dev.lifeboat.internal.io;

import java.io.IOException;
import java.io.InputStream;

/** A stream that implements only reads into an array; a read of a single byte uses an array of length one. */
public abstract class BulkInputStream extends InputStream {
    @Override
    public final int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public abstract int read(byte[] b, int off, int len) throws IOException;
}
