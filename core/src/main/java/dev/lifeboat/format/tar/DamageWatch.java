package dev.lifeboat.format.tar;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.format.DamagedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Remembers what damage a stream of content told of, so that it can be told from damage that the sink met. */
final class DamageWatch {
    private final InputStream content;
    private @Nullable DamagedException damage;

    DamageWatch(InputStream content) {
        this.content = content;
    }

    @Nullable
    DamagedException damage() {
        return damage;
    }

    InputStream asContent() {
        return content instanceof SparseInputStream sparse
                ? new SparseInputStream(sparse.map(), new Watched(sparse.data()))
                : new Watched(content);
    }

    private final class Watched extends FilterInputStream {
        Watched(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return super.read(b, off, len);
            } catch (DamagedException e) {
                damage = e;
                throw e;
            }
        }
    }
}
