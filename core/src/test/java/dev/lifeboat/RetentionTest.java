package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.snapshot.BackupStrategy;
import dev.lifeboat.snapshot.ProblemCounts;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static Snapshot at(String source, String time, Map<String, String> tags) {
        return new Snapshot(
                new SnapshotId(String.format("%032x", (source + time).hashCode() & 0xFFFF_FFFFL)),
                source,
                Instant.parse(time),
                BackupStrategy.FULL,
                Optional.empty(),
                new TreeMap<>(tags),
                new ArchiveRoot("tar/1", "x"),
                new Snapshot.Stats(0, 0, 0, 0, 0, ProblemCounts.none(), Optional.empty(), Duration.ZERO),
                List.of());
    }

    private static List<String> kept(Retention retention, List<Snapshot> snapshots) {
        Set<SnapshotId> kept = retention.keep(snapshots);
        return snapshots.stream()
                .filter(s -> kept.contains(s.id()))
                .map(s -> s.time().toString())
                .sorted()
                .toList();
    }

    private static List<Snapshot> everySixHours(int days) {
        List<Snapshot> all = new ArrayList<>();
        Instant time = Instant.parse("2026-01-01T03:00:00Z");
        for (int i = 0; i < days * 4; i++) {
            all.add(at("s", time.plus(Duration.ofHours(6L * i)).toString(), Map.of()));
        }
        return all;
    }

    @Test
    void eachRule_keepsTheNewestOfEachPeriod() {
        List<Snapshot> all = everySixHours(40);
        assertThat(kept(Retention.keepLast(2), all)).containsExactly("2026-02-09T15:00:00Z", "2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepDaily(3), all))
                .containsExactly("2026-02-07T21:00:00Z", "2026-02-08T21:00:00Z", "2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepHourly(2), all)).containsExactly("2026-02-09T15:00:00Z", "2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepLast(1).andWeekly(3), all))
                .containsExactly("2026-02-01T21:00:00Z", "2026-02-08T21:00:00Z", "2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepLast(1).andMonthly(5), all))
                .containsExactly("2026-01-31T21:00:00Z", "2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepLast(1).andYearly(5), all)).containsExactly("2026-02-09T21:00:00Z");
        assertThat(kept(Retention.keepAll(), all)).hasSize(160);
    }

    @Test
    void periods_areThoseOfTheZone() {
        List<Snapshot> all = List.of(
                at("s", "2026-01-01T22:00:00Z", Map.of()),
                at("s", "2026-01-01T23:30:00Z", Map.of()),
                at("s", "2026-01-02T01:00:00Z", Map.of()));
        assertThat(kept(Retention.keepDaily(9), all)).containsExactly("2026-01-01T23:30:00Z", "2026-01-02T01:00:00Z");
        assertThat(kept(Retention.keepDaily(9).inZone(ZoneId.of("Europe/Berlin")), all))
                .containsExactly("2026-01-01T22:00:00Z", "2026-01-02T01:00:00Z");
    }

    @Test
    void series_areKeptApart_andTagsKeep() {
        List<Snapshot> all = List.of(
                at("a", "2026-01-01T00:00:00Z", Map.of("release", "1")),
                at("a", "2026-01-02T00:00:00Z", Map.of("nightly", "")),
                at("a", "2026-01-03T00:00:00Z", Map.of()),
                at("b", "2025-01-01T00:00:00Z", Map.of()));
        assertThat(kept(Retention.keepLast(1), all)).containsExactly("2025-01-01T00:00:00Z", "2026-01-03T00:00:00Z");
        assertThat(kept(Retention.keepLast(1).andTagged("release"), all)).contains("2026-01-01T00:00:00Z");
        assertThat(kept(Retention.keepLast(1).andTagged("release", "2"), all)).doesNotContain("2026-01-01T00:00:00Z");
    }

    @Test
    void nonsense_isRefusedAtOnce() {
        assertThatThrownBy(() -> Retention.keepLast(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Retention.keepDaily(1).andDaily(2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Retention.keepAll().andDaily(2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Retention.keepLast(1).andTagged("x").andTagged("x", "y"))
                .isInstanceOf(IllegalStateException.class);
    }
}
