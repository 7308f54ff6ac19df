package dev.lifeboat.internal.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GearChunkerTest {
    /**
     * The gear numbers of the paper's reference implementation: the first half of the MD5 of 64 times the same byte.
     */
    private static long[] publishedGear() throws GeneralSecurityException {
        long[] gear = new long[256];
        for (int i = 0; i < 256; i++) {
            byte[] seed = new byte[64];
            Arrays.fill(seed, (byte) i);
            gear[i] = ByteBuffer.wrap(MessageDigest.getInstance("MD5").digest(seed))
                    .getLong();
        }
        return gear;
    }

    private static byte[] random(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static List<Integer> cuts(GearChunker chunker, byte[] bytes) {
        List<Integer> lengths = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int length = chunker.cut(bytes, at, bytes.length - at);
            lengths.add(length);
            at += length;
        }
        return lengths;
    }

    /** nlfiedler/fastcdc-rs, v2020, test_cut_all_zeros: its gear, its masks for 256 bytes at normalisation level 1. */
    @Test
    void publishedVector_zeros() throws GeneralSecurityException {
        long[] gear = publishedGear();
        assertThat(gear[0]).isEqualTo(0x3b5d3c7d207e37dcL);
        assertThat(gear[255]).isEqualTo(0xaabd2b2a451504e1L);
        GearChunker chunker = new GearChunker(gear, 64, 256, 1024, 0x0000019000353000L, 0x0000000018035100L);
        assertThat(cuts(chunker, new byte[10_240])).containsOnly(1024).hasSize(10);
    }

    /**
     * PlakarKorp/go-cdc-chunkers, golden.json, fastcdc-v1.0.0 with its masks: the digest of the lengths as 64-bit
     * little-endian numbers.
     */
    @Test
    void publishedFingerprints_zeros() throws GeneralSecurityException {
        checkFingerprint(
                2 << 10, 8 << 10, 64 << 10, 512, "b985af207b5cbf7a3e6dfd235fbfff680cfac9e3f6cc399930f1e791924cd8f1");
        checkFingerprint(
                256 << 10, 512 << 10, 1 << 20, 32, "6207c153ab65f7dd7da183e82ee7900c131f20f90e690d10e638d8896cee02e7");
        checkFingerprint(
                1 << 20, 4 << 20, 16 << 20, 2, "8a2e77537c324b8ecfa4a28090b2c315d294926af6265bfacf6584bc310ea93e");
    }

    private static void checkFingerprint(int min, int average, int max, int count, String digest)
            throws GeneralSecurityException {
        int bits = Integer.numberOfTrailingZeros(average);
        GearChunker chunker =
                new GearChunker(publishedGear(), min, average, max, evenMask(bits + 2), evenMask(bits - 2));
        List<Integer> lengths = cuts(chunker, new byte[2 * (16 << 20)]);
        assertThat(lengths).hasSize(count);
        ByteBuffer numbers = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        lengths.forEach(length -> numbers.putLong(length));
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(numbers.array())))
                .isEqualTo(digest);
    }

    private static long evenMask(int ones) {
        long mask = 0;
        for (int i = 0; i < ones; i++) {
            mask |= 1L << 63 - i * (64 / ones);
        }
        return mask;
    }

    @Test
    void sizes_areKeptAndTheAverageIsNear() {
        GearChunker chunker = new GearChunker(random(1, GearChunker.SEED_BYTES), 4096, 16_384, 65_536);
        List<Integer> lengths = cuts(chunker, random(2, 16 << 20));
        assertThat(lengths.subList(0, lengths.size() - 1)).allMatch(n -> n >= 4096 && n <= 65_536);
        assertThat((16 << 20) / lengths.size()).isBetween(13_000, 22_000);
    }

    /** A change moves no cut but those near it. */
    @Test
    void cuts_comeBackBehindAChange() {
        GearChunker chunker = new GearChunker(random(1, GearChunker.SEED_BYTES), 4096, 16_384, 65_536);
        byte[] before = random(3, 4 << 20);
        byte[] after = new byte[before.length + 7];
        int place = 1 << 20;
        System.arraycopy(before, 0, after, 0, place);
        System.arraycopy(random(4, 7), 0, after, place, 7);
        System.arraycopy(before, place, after, place + 7, before.length - place);
        Set<ByteBuffer> chunks = new HashSet<>(chunks(chunker, before));
        List<ByteBuffer> now = chunks(chunker, after);
        assertThat(now.stream().filter(c -> !chunks.contains(c)).count()).isBetween(1L, 4L);
    }

    private static List<ByteBuffer> chunks(GearChunker chunker, byte[] bytes) {
        List<ByteBuffer> chunks = new ArrayList<>();
        int at = 0;
        for (int length : cuts(chunker, bytes)) {
            chunks.add(ByteBuffer.wrap(Arrays.copyOfRange(bytes, at, at + length)));
            at += length;
        }
        return chunks;
    }

    @Test
    void cuts_dependOnTheSeed() {
        byte[] bytes = random(5, 4 << 20);
        assertThat(cuts(new GearChunker(random(1, GearChunker.SEED_BYTES), 4096, 16_384, 65_536), bytes))
                .isNotEqualTo(cuts(new GearChunker(random(2, GearChunker.SEED_BYTES), 4096, 16_384, 65_536), bytes));
    }
}
