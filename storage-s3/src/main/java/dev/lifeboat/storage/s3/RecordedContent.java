package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.Content;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the exception that reading content threw. The caller receives the same exception, even if it was thrown deep
 * inside the SDK.
 */
final class RecordedContent {
    private static final Logger log = LoggerFactory.getLogger(RecordedContent.class);
    private final Content content;
    private volatile @Nullable IOException failure;
    private volatile @Nullable InputStream last;

    RecordedContent(Content content) {
        this.content = content;
    }

    /** Returns the recorded exception; null if there is none. */
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

    /**
     * Opens the content for a client that opens it again for each attempt. Closes the stream of the previous attempt. A
     * failure is thrown in a form that the client does not retry.
     */
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

    /** Closes the stream of the last attempt. */
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
