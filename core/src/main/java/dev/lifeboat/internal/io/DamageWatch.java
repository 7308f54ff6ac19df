package dev.lifeboat.internal.io;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.format.DamagedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what damage a stream of content told of, so that it can be told from damage that the sink met. Damage that shows when the stream
 * is opened comes with its first read, so that a sink that waits for content is always told.
 */
public final class DamageWatch {
    private final Opener opener;
    private @Nullable DamagedException damage;

    /** Opens content. */
    @FunctionalInterface
    public interface Opener {
        /** Opens it. */
        InputStream open() throws IOException;
    }

    /** Watches what an opener opens. */
    public DamageWatch(Opener opener) {
        this.opener = opener;
    }

    /** The damage that reading told of; null if none. */
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
