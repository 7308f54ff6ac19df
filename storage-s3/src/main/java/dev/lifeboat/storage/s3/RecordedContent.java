package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.Content;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Remembers what reading content threw: the caller shall get the very same, however deep in the SDK it happened. */
final class RecordedContent {
    private static final Logger log = LoggerFactory.getLogger(RecordedContent.class);
    private final Content content;
    private volatile @Nullable IOException failure;
    private volatile @Nullable InputStream last;

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

    /** For a client that opens content anew for each attempt: closes what it left open, and fails in a way that it does not try again. */
    InputStream openForRetries() {
        closeLast();
        failure = null;
        try {
            last = open();
            return new FilterInputStream(last) {
                @Override
                public int read() throws IOException {
                    try {
                        return super.read();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }

                @Override
                public int read(byte[] b, int off, int len) throws IOException {
                    try {
                        return super.read(b, off, len);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes what was opened for an attempt. */
    void closeLast() {
        InputStream open = last;
        last = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                log.debug("content not closed", e);
            }
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
