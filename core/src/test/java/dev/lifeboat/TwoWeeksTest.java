package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two weeks of backups and prunes by three hosts whose clocks, and that of the store, jump by hours and days: in the
 * past, in the future, and back. No clock decides what is safe, only what a policy keeps.
 */
@Timeout(300)
class TwoWeeksTest {
    private static final int HOURS = 14 * 24;
    private static final int HOSTS = 3;

    private final Random random = new Random(20260101);
    private final MemoryStorage storage = new MemoryStorage();
    private Instant world = Instant.parse("2026-01-01T00:00:00Z");
    private Duration storeSkew = Duration.ZERO;
    private ArchiveFormat format = ChunkedFormat.create();

    /** A clock that is wrong by what it was last set to. */
    private final class HostClock extends Clock {
        private Duration skew = Duration.ZERO;

        @Override
        public Instant instant() {
            return world.plus(skew);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("not needed here");
        }
    }

    /** A store whose clock is wrong, too. */
    private final class SkewedStorage extends ForwardingStorageTarget {
        SkewedStorage(StorageTarget delegate) {
            super(delegate);
        }

        @Override
        public void list(String prefix, Visitor visitor) throws IOException {
            super.list(
                    prefix,
                    object -> visitor.visit(new ObjectInfo(object.key(), object.length(), world.plus(storeSkew))));
        }
    }

    private Duration jump() {
        return switch (random.nextInt(4)) {
            case 0 -> Duration.ZERO;
            case 1 -> Duration.ofMinutes(random.nextInt(600) - 300L);
            case 2 -> Duration.ofHours(random.nextInt(200) - 100L);
            default -> Duration.ofDays(random.nextInt(8000) - 4000L);
        };
    }

    private Repository open(StorageTarget in, Clock clock) {
        return Repository.at(new SkewedStorage(in))
                .format(format)
                .encryption(format instanceof ChunkedFormat ? Encryption.key(() -> new byte[32]) : Encryption.none())
                .clock(clock)
                .openOrCreate();
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunked", "tar"})
    void whateverTheClocksSay_whatIsListedIsWhole(String formatName) {
        format = formatName.equals("tar") ? TarFormat.create() : ChunkedFormat.create();
        HostClock[] clocks = new HostClock[HOSTS];
        for (int i = 0; i < HOSTS; i++) {
            clocks[i] = new HostClock();
        }
        open(storage, clocks[0]).close();
        int version = 0;
        int ended = 0;
        int died = 0;
        for (int hour = 0; hour < HOURS; hour++) {
            world = world.plus(Duration.ofHours(1));
            if (random.nextInt(5) == 0) {
                clocks[random.nextInt(HOSTS)].skew = jump();
            }
            if (random.nextInt(10) == 0) {
                storeSkew = jump();
            }
            HostClock clock = clocks[random.nextInt(HOSTS)];
            boolean dies = random.nextInt(12) == 0;
            StorageTarget store =
                    dies ? new FaultyStorage(storage, 3 + random.nextInt(25), random.nextBoolean()) : storage;
            version++;
            try (Repository repo = open(store, clock)) {
                if (random.nextInt(4) == 0) {
                    prune(repo);
                } else {
                    backup(repo, version, clocks[random.nextInt(HOSTS)]);
                }
            } catch (BackupException.SessionEnded e) {
                // Another host's clock said that it had been dead for long.
                ended++;
            } catch (BackupException e) {
                if (!dies) {
                    throw e;
                }
                died++;
            }
            if (hour % 24 == 23) {
                assertAllWhole(clocks[0]);
            }
        }
        assertThat(died).isPositive();
        assertThat(ended).isPositive();
        try (Repository repo = open(storage, clocks[0])) {
            storeSkew = Duration.ofDays(-36_000);
            assertThat(repo.snapshots()).isNotEmpty();
            repo.prune(Retention.keepLast(1)).endBackupsOlderThan(Duration.ZERO).run();
            repo.prune(Retention.keepLast(1)).run();
            assertThat(repo.prune(Retention.keepLast(1)).run().bytesFreed()).isZero();
        }
        assertAllWhole(clocks[0]);
    }

    private static void prune(Repository repo) {
        repo.prune(Retention.keepLast(3).andDaily(4).andWeekly(1)).run();
    }

    /** Now and then another host prunes in the middle of it. */
    private void backup(Repository repo, int version, Clock other) {
        MemoryTree tree = RepositoryContract.tree(version);
        boolean disturbed = random.nextInt(3) == 0;
        String series = "host-" + random.nextInt(HOSTS);
        repo.backup(NamedSource.of(series, sink -> {
                    if (disturbed) {
                        try (Repository pruning = open(storage, other)) {
                            prune(pruning);
                        }
                    }
                    tree.sendTo(sink);
                }))
                .tag("version", "" + version)
                .run();
    }

    private void assertAllWhole(Clock clock) {
        try (Repository repo = open(storage, clock)) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            Set<String> series = new HashSet<>();
            for (Snapshot snapshot : repo.snapshots()) {
                series.add(snapshot.source());
                MemoryTree back = new MemoryTree();
                assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
                int version = Integer.parseInt(snapshot.tags().get("version"));
                assertThat(back.lines())
                        .isEqualTo(RepositoryContract.tree(version).lines());
            }
            assertThat(series).isNotEmpty();
        }
        storage.checkAllClosed();
    }
}
