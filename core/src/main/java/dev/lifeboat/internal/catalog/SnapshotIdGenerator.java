package dev.lifeboat.internal.catalog;

import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.snapshot.SnapshotId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;

/**
 * Makes ids that tell, to who has the keys, of which series a snapshot is, and in what order they were begun. So whoever wants those of one series
 * lists no others, and reads the newest first; that is for thrift alone, since series may share their part of the id, and clocks jump. docs/FORMAT.md, section 4. Thread-safe.
 */
public final class SnapshotIdGenerator {
    private static final SecureRandom RANDOM = new SecureRandom();
    /** Of {@link RepositoryKeys.Namer}; chunks have those below. */
    private static final int SERIES = 32;

    private static final int SERIES_BYTES = 4;
    private static final int TIME_BYTES = 6;
    private static final int RANDOM_BYTES = 6;
    private static final long MAX_MILLIS = (1L << 8 * TIME_BYTES) - 1;

    private final RepositoryKeys keys;

    public SnapshotIdGenerator(RepositoryKeys keys) {
        this.keys = keys;
    }

    /** Makes one that was never there. */
    public SnapshotId next(String series, Instant begun) {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        ByteBuffer id = ByteBuffer.allocate(SERIES_BYTES + TIME_BYTES + RANDOM_BYTES)
                .put(name(series), 0, SERIES_BYTES)
                .put(ByteBuffer.allocate(Long.BYTES).putLong(millis(begun)).array(), 2, TIME_BYTES)
                .put(random);
        return new SnapshotId(HexFormat.of().formatHex(id.array()));
    }

    /** As far as 48 bits go, which is 8,900 years from 1970; a clock that stands outside does not spoil the order for long. */
    private static long millis(Instant begun) {
        if (begun.isBefore(Instant.EPOCH)) {
            return 0;
        }
        return begun.isBefore(Instant.ofEpochMilli(MAX_MILLIS)) ? begun.toEpochMilli() : MAX_MILLIS;
    }

    /** What ids of a series begin with. */
    public String series(String series) {
        return HexFormat.of().formatHex(name(series), 0, SERIES_BYTES);
    }

    private byte[] name(String series) {
        byte[] text = series.getBytes(StandardCharsets.UTF_8);
        return keys.namer().name(SERIES, text, 0, text.length);
    }
}
