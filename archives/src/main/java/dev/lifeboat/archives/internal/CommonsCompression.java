package dev.lifeboat.archives.internal;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.tar.TarCompression;
import dev.lifeboat.internal.io.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;

/** A compression that commons-compress reads. What is damaged is reported as such, whatever the library throws. */
abstract class CommonsCompression implements TarCompression {
    private final String name;
    private final byte[] magic;

    CommonsCompression(String name, String magic) {
        this.name = name;
        this.magic = HexFormat.of().parseHex(magic);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean recognizes(byte[] head) {
        if (head.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if (head[i] != magic[i]) {
                return false;
            }
        }
        return true;
    }

    /** Opens a stream of the library. */
    abstract InputStream open(InputStream in) throws IOException;

    @Override
    public final InputStream decompress(InputStream in) throws IOException {
        try {
            return new Translated(open(in));
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
    }

    private DamagedException damaged(Exception cause) {
        return new DamagedException("the " + name + " stream is damaged: " + cause.getMessage(), cause);
    }

    private final class Translated extends BulkInputStream {
        private final InputStream in;

        Translated(InputStream in) {
            this.in = in;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return in.read(b, off, len);
            } catch (IOException | RuntimeException e) {
                throw damaged(e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
