package dev.lifeboat.internal.io;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.format.DamagedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Records damage that a content stream reported, to distinguish it from damage that the sink encountered. Damage found
 * when the stream is opened is thrown by its first read, so that a sink that waits for content always receives it.
 */
public final class DamageWatch {
    private final Opener opener;
    private @Nullable DamagedException damage;

    /** Opens content. */
    @FunctionalInterface
    public interface Opener {
        /** Opens the content. */
        InputStream open() throws IOException;
    }

    /** Creates a watch for the streams of an opener. */
    public DamageWatch(Opener opener) {
        this.opener = opener;
    }

    /** Returns the damage that reading reported; null if there is none. */
    public @Nullable DamagedException damage() {
        return damage;
    }

    /** Opens the content. The caller closes it. */
    public InputStream open() throws IOException {
        InputStream content;
        try {
            content = opener.open();
        } catch (DamagedException e) {
            damage = e;
            return new Watched(InputStream.nullInputStream(), e);
        }
        return content instanceof SparseInputStream sparse
                ? new SparseInputStream(sparse.map(), new Watched(sparse.data(), null))
                : new Watched(content, null);
    }

    private final class Watched extends FilterInputStream {
        private final @Nullable DamagedException atOnce;

        Watched(InputStream in, @Nullable DamagedException atOnce) {
            super(in);
            this.atOnce = atOnce;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            if (atOnce != null) {
                throw atOnce;
            }
            try {
                return super.read(b, off, len);
            } catch (DamagedException e) {
                damage = e;
                throw e;
            }
        }
    }
}
