package dev.lifeboat.internal.catalog;

import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.snapshot.SnapshotId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;

/**
 * Generates ids that tell a holder of the keys which series a snapshot belongs to, and in which order snapshots began.
 * A reader of one series thus lists no others, and reads the newest first. This is only an optimization, since series
 * may share their part of the id, and clocks jump. docs/FORMAT.md, section 4. Thread-safe.
 */
public final class SnapshotIdGenerator {
    private static final SecureRandom RANDOM = new SecureRandom();
    /** Kind of a name of {@link RepositoryKeys.Namer}; lower numbers are kinds of chunks. */
    private static final int SERIES = 32;

    private static final int SERIES_BYTES = 4;
    private static final int TIME_BYTES = 6;
    private static final int RANDOM_BYTES = 6;
    private static final long MAX_MILLIS = (1L << 8 * TIME_BYTES) - 1;

    private final RepositoryKeys keys;

    public SnapshotIdGenerator(RepositoryKeys keys) {
        this.keys = keys;
    }

    /** Returns a new unique id. */
    public SnapshotId next(String series, Instant begun) {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        ByteBuffer id = ByteBuffer.allocate(SERIES_BYTES + TIME_BYTES + RANDOM_BYTES)
                .put(name(series), 0, SERIES_BYTES)
                .put(ByteBuffer.allocate(Long.BYTES).putLong(millis(begun)).array(), 2, TIME_BYTES)
                .put(random);
        return new SnapshotId(HexFormat.of().formatHex(id.array()));
    }

    /**
     * Returns the time, limited to 48 bits, which is 8,900 years from 1970. A time outside this range affects the order
     * only while the clock is wrong.
     */
    private static long millis(Instant begun) {
        if (begun.isBefore(Instant.EPOCH)) {
            return 0;
        }
        return begun.isBefore(Instant.ofEpochMilli(MAX_MILLIS)) ? begun.toEpochMilli() : MAX_MILLIS;
    }

    /** Returns the prefix of the ids of a series. */
    public String series(String series) {
        return HexFormat.of().formatHex(name(series), 0, SERIES_BYTES);
    }

    private byte[] name(String series) {
        byte[] text = series.getBytes(StandardCharsets.UTF_8);
        return keys.namer().name(SERIES, text, 0, text.length);
    }
}
