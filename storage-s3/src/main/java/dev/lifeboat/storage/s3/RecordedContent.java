package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.Content;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Remembers what reading content threw: the caller shall get the very same, however deep in the SDK it happened. */
final class RecordedContent {
    private final Content content;
    private volatile @Nullable IOException failure;

    RecordedContent(Content content) {
        this.content = content;
    }

    /** What was thrown; null if nothing was. */
    @Nullable
    IOException failure() {
        return failure;
    }

    InputStream open() throws IOException {
        try {
            return new Recording(content.open());
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    private final class Recording extends FilterInputStream {
        Recording(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            try {
                return super.read();
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return super.read(b, off, len);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }
}
