package dev.lifeboat.internal.pack;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.lifeboat.format.DamagedException;
import java.util.Arrays;

/** Compresses chunks if that makes them smaller. Not thread-safe. */
public final class Compressor implements AutoCloseable {
    private static final int SAMPLE_BYTES = 8 << 10;
    private static final int SAMPLED_FROM = 128 << 10;

    private final ZstdCompressCtx context = new ZstdCompressCtx();
    private final ZstdCompressCtx fast = new ZstdCompressCtx();
    private byte[] out = new byte[0];
    private byte[] again = new byte[0];

    /**
     * Compresses with zstd.
     *
     * @param level 1 to 19
     */
    public Compressor(int level) {
        context.setLevel(level);
        fast.setLevel(1);
    }

    /** Compresses into {@link #bytes}. Returns the length, or -1 if the result would not be smaller. */
    int compress(byte[] in, int length) {
        if (length >= SAMPLED_FROM && !isCompressible(in, length)) {
            return -1;
        }
        ensureRoom(length);
        int compressed = context.compressByteArray(out, 0, out.length, in, 0, length);
        return compressed < length - length / 64 ? compressed : -1;
    }

    byte[] bytes() {
        return out;
    }

    /** Estimates from samples whether compression pays, for a hundredth of the cost of compressing everything. */
    private boolean isCompressible(byte[] in, int length) {
        ensureRoom(SAMPLE_BYTES);
        int total = 0;
        for (int i = 0; i < 4; i++) {
            int at = (int) ((long) (length - SAMPLE_BYTES) * i / 3);
            total += fast.compressByteArray(out, 0, out.length, in, at, SAMPLE_BYTES);
        }
        return total < 4 * SAMPLE_BYTES - SAMPLE_BYTES / 8;
    }

    private void ensureRoom(int length) {
        int bound = (int) Zstd.compressBound(length);
        if (out.length < bound) {
            out = new byte[bound];
        }
    }

    /** Returns whether decompressing the last result gives the same bytes again. */
    boolean restores(int compressed, byte[] plain, int length) {
        if (again.length < length) {
            again = new byte[length];
        }
        long n = Zstd.decompressByteArray(again, 0, length, out, 0, compressed);
        return n == length && Arrays.equals(again, 0, length, plain, 0, length);
    }

    /** Decompresses content of exactly this length. */
    static byte[] decompress(byte[] in, int offset, int length, int plainLength) throws DamagedException {
        byte[] plain = new byte[plainLength];
        try {
            long n = Zstd.decompressByteArray(plain, 0, plainLength, in, offset, length);
            if (n != plainLength) {
                throw new DamagedException("a chunk has " + n + " bytes, expected " + plainLength);
            }
        } catch (ZstdException e) {
            throw new DamagedException("a chunk cannot be decompressed: " + e.getMessage(), e);
        }
        return plain;
    }

    @Override
    public void close() {
        context.close();
        fast.close();
    }
}
