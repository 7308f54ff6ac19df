package dev.lifeboat.format.tar;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Digests;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** Checks a digest at the end. A reader that reaches the end without an exception has read what was written. */
final class VerifyingInputStream extends FilterInputStream {
    private final MessageDigest digest = Digests.sha256();
    private final String expected;
    private final String label;
    private boolean checked;

    VerifyingInputStream(InputStream in, String expected, String label) {
        super(in);
        this.expected = expected;
        this.label = label;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        int n = super.read(b, off, len);
        if (n > 0) {
            digest.update(b, off, n);
        } else if (n < 0 && !checked) {
            checked = true;
            String actual = Digests.hex(digest.digest());
            if (!actual.equals(expected)) {
                throw new DamagedException(label + " is damaged: SHA-256 " + actual + ", expected " + expected);
            }
        }
        return n;
    }

    @Override
    public long skip(long n) throws IOException {
        return readNBytes((int) Math.min(n, 1 << 16)).length;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
