package dev.lifeboat.format.tar;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A compression of tars that {@link TarSource} reads and {@link TarExport} writes, besides gzip and zstd. Found as a
 * {@linkplain ServiceLoader service}: {@code lifeboat-archives} has bzip2, xz, lz4 and compress. Thread-safe.
 */
public interface TarCompression {
    /** Returns its name, such as {@code xz}, by which an export chooses it. */
    String name();

    /**
     * Returns whether a file has this compression.
     *
     * @param head the first bytes of the file, up to 512
     */
    boolean recognizes(byte[] head);

    /**
     * Decompresses a stream. Closing the result closes {@code in}.
     *
     * @throws dev.lifeboat.format.DamagedException if the stream is damaged or needs more memory than is reasonable;
     *     the streams that are returned throw it, too
     */
    InputStream decompress(InputStream in) throws IOException;

    /**
     * Compresses a stream. Closing the result closes {@code out}.
     *
     * @throws UnsupportedOperationException if it is only read
     */
    OutputStream compress(OutputStream out) throws IOException;

    /** Returns those that are on the class path or module path. */
    static List<TarCompression> installed() {
        return ServiceLoader.load(TarCompression.class, TarCompression.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }
}
