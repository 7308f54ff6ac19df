package dev.lifeboat.internal.frame;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.NativeLibrary;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Compresses frames so that their concatenation is one ordinary file of that kind, which any tool can open. Immutable.
 *
 * @param level of compression; ignored for {@link Kind#NONE}
 */
public record FrameCodec(Kind kind, int level) {
    /** How frames are compressed. */
    public enum Kind {
        NONE(""),
        GZIP(".gz"),
        ZSTD(".zst");

        private final String extension;

        Kind(String extension) {
            this.extension = extension;
        }

        /** Returns the file name extension of such files. */
        public String extension() {
            return extension;
        }

        /** Returns the name of this kind in manifests. */
        public String id() {
            return extension.isEmpty() ? "none" : extension.substring(1);
        }

        /** Returns a kind by its {@link #id}. */
        public static Kind of(String id) throws DamagedException {
            for (Kind kind : values()) {
                if (kind.id().equals(id)) {
                    return kind;
                }
            }
            throw new DamagedException("unknown compression '" + id + "'");
        }
    }

    private static final NativeLibrary ZSTD_JNI = new NativeLibrary(
            "zstd-jni",
            "It is unpacked and loaded from a directory that has to be writable and not mounted noexec; name another one"
                    + " with -DZstdTempFolder=DIR, or with -Djava.io.tmpdir=DIR for all temporary files",
            () -> Zstd.compressBound(1));

    byte[] compress(byte[] plain, int length) {
        return switch (kind) {
            case NONE -> Arrays.copyOf(plain, length);
            case GZIP -> gzip(plain, length);
            case ZSTD -> zstd(plain, length);
        };
    }

    /**
     * Loads the library that all archives need.
     *
     * @throws IllegalStateException if it cannot be loaded; the message says why, and what to do
     */
    public static void loadZstd() {
        ZSTD_JNI.load();
    }

    private byte[] zstd(byte[] plain, int length) {
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            context.setLevel(level).setChecksum(true).setContentSize(true);
            byte[] out = new byte[(int) Zstd.compressBound(length)];
            int n = context.compressByteArray(out, 0, out.length, plain, 0, length);
            return Arrays.copyOf(out, n);
        }
    }

    private byte[] gzip(byte[] plain, int length) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(length / 2 + 64);
        try (GZIPOutputStream gzip = new Leveled(out, level)) {
            gzip.write(plain, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException("in memory", e);
        }
        return out.toByteArray();
    }

    /** Decompresses to exactly {@code length} bytes, or fails. */
    byte[] decompress(byte[] frame, int length, String label) throws DamagedException {
        byte[] plain = new byte[length];
        int n;
        try {
            switch (kind) {
                case NONE -> {
                    return frame;
                }
                case GZIP -> {
                    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(frame), 1 << 14)) {
                        n = in.readNBytes(plain, 0, length);
                        if (in.read() >= 0) {
                            n = -1;
                        }
                    }
                }
                case ZSTD -> n = (int) Zstd.decompressByteArray(plain, 0, length, frame, 0, frame.length);
                default -> throw new IllegalStateException("kind " + kind);
            }
        } catch (IOException | ZstdException e) {
            throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
        }
        if (n != length) {
            throw new DamagedException(
                    label + " is damaged: it does not decompress to the expected " + length + " bytes");
        }
        return plain;
    }

    /**
     * Returns what follows the last frame. For zstd that is a seek table, so that any reader of the seekable format can
     * seek: a skippable frame as in contrib/seekable_format of zstd, which other readers skip. Empty if the table would
     * be too large for it.
     */
    byte[] epilogue(FrameTable table) {
        long bytes = 8L * table.frames() + 9;
        if (kind != Kind.ZSTD || bytes > Integer.MAX_VALUE - 64) {
            return new byte[0];
        }
        ByteBuffer out = ByteBuffer.allocate((int) bytes + 8).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0x184D2A5E).putInt((int) bytes);
        for (int i = 0; i < table.frames(); i++) {
            out.putInt(table.length(i)).putInt(table.plainLength(i));
        }
        out.putInt(table.frames()).put((byte) 0).putInt(0x8F92EAB1);
        return out.array();
    }

    private static final class Leveled extends GZIPOutputStream {
        Leveled(ByteArrayOutputStream out, int level) throws IOException {
            super(out, 1 << 16);
            def.setLevel(level <= 0 ? Deflater.DEFAULT_COMPRESSION : level);
        }
    }
}
