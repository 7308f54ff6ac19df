package dev.lifeboat.archives.internal;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.tar.TarCompression;
import dev.lifeboat.internal.io.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A compression that commons-compress reads. All that the library throws becomes a DamagedException. */
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
    public boolean recognizes(byte[] head) {
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
        Raw raw = new Raw(in);
        try {
            return new Translated(open(raw), raw);
        } catch (IOException | RuntimeException e) {
            throw translated(e, raw);
        }
    }

    /** What could not be read is not damaged. */
    private IOException translated(Exception failure, Raw raw) {
        return raw.failure != null
                ? raw.failure
                : new DamagedException(
                        "the " + name + " stream cannot be decompressed: " + failure.getMessage(), failure);
    }

    /** Notes a failure of the file itself. */
    private static final class Raw extends BulkInputStream {
        private final InputStream in;
        private @Nullable IOException failure;

        Raw(InputStream in) {
            this.in = in;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return in.read(b, off, len);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    private final class Translated extends BulkInputStream {
        private final InputStream in;
        private final Raw raw;

        Translated(InputStream in, Raw raw) {
            this.in = in;
            this.raw = raw;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return in.read(b, off, len);
            } catch (IOException | RuntimeException e) {
                throw translated(e, raw);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
