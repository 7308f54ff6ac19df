package dev.lifeboat.micrometer;

import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The gauges of one repository. Used by one thread at a time. */
final class RepositoryGauges {
    private final Repository repository;
    private final MeterRegistry registry;
    private final Tags tags;
    private final Map<String, GaugeFamily> gauges = new LinkedHashMap<>();
    private final Counter failures;
    private final Optional<DrillGauges> drills;
    private long contentBytes;

    RepositoryGauges(Repository repository, String name, MeterRegistry registry) {
        this.repository = repository;
        this.registry = registry;
        this.tags = Tags.of("repository", name);
        this.failures = Counter.builder("lifeboat.metrics.failures")
                .description("How often the repository could not be read for these metrics")
                .tags(tags)
                .register(registry);
        this.drills = hasDrills() ? Optional.of(new DrillGauges()) : Optional.empty();
    }

    /** The module is optional. */
    private static boolean hasDrills() {
        try {
            Class.forName("dev.lifeboat.automation.drill.Drill", false, RepositoryGauges.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    void failed() {
        failures.increment();
    }

    void refreshed() {
        double now = System.currentTimeMillis() / 1000.0;
        set("lifeboat.metrics.time", "When all was read last, in seconds since 1970", "seconds", one(now));
    }

    /** Sets all rows of a gauge. */
    void set(String name, String description, String unit, List<GaugeFamily.Row> rows) {
        gauges.computeIfAbsent(name, key -> new GaugeFamily(registry, key, description, unit, tags))
                .set(rows);
    }

    /** Removes all rows. */
    void close() {
        gauges.values().forEach(gauge -> gauge.set(List.of()));
        registry.remove(failures);
    }

    static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }

    /** The newest snapshots of a series. */
    private record Series(List<Snapshot> newestFirst) {
        Snapshot newest() {
            return newestFirst.get(0);
        }

        Optional<Snapshot> newestGood() {
            return newestFirst.stream()
                    .filter(snapshot -> snapshot.completeness() != Completeness.INCOMPLETE)
                    .findFirst();
        }
    }

    /** Reads the list of snapshots, and the results of drills. */
    void refreshSnapshots() {
        Map<String, Series> all = new LinkedHashMap<>();
        long sum = 0;
        for (Snapshot snapshot : repository.snapshots()) {
            sum += snapshot.stats().contentBytes();
            all.computeIfAbsent(snapshot.source(), name -> new Series(new ArrayList<>()))
                    .newestFirst()
                    .add(snapshot);
        }
        contentBytes = sum;
        rows(
                "lifeboat.snapshots",
                "Number of snapshots",
                "",
                all,
                series -> series.newestFirst().size());
        rows(
                "lifeboat.last.success.time",
                "When reading for the newest snapshot began that lacks nothing, in seconds since 1970",
                "seconds",
                all,
                series -> series.newestGood()
                        .map(snapshot -> (double) snapshot.time().getEpochSecond())
                        .orElse(0.0));
        newest(
                all,
                "lifeboat.last.complete",
                "Whether the newest snapshot lacks nothing",
                "",
                snapshot -> snapshot.completeness() == Completeness.INCOMPLETE ? 0 : 1);
        newest(
                all,
                "lifeboat.last.duration",
                "How long the newest backup took",
                "seconds",
                snapshot -> seconds(snapshot.stats().duration()));
        newest(
                all,
                "lifeboat.last.quiesced",
                "How long the source was quiesced for the newest backup",
                "seconds",
                snapshot -> seconds(snapshot.stats().quiesced().orElse(Duration.ZERO)));
        newest(
                all,
                "lifeboat.last.content",
                "Length of all files of the newest snapshot",
                "bytes",
                snapshot -> snapshot.stats().contentBytes());
        newest(
                all,
                "lifeboat.last.read",
                "Bytes read by the newest backup",
                "bytes",
                snapshot -> snapshot.stats().bytesRead());
        newest(
                all,
                "lifeboat.last.stored",
                "Bytes written by the newest backup",
                "bytes",
                snapshot -> snapshot.stats().bytesStored());
        newest(
                all,
                "lifeboat.last.failed",
                "What the newest backup should have captured, and could not",
                "",
                snapshot -> snapshot.stats().problems().of(Problem.Kind.FAILED));
        drills.ifPresent(gauge -> gauge.refresh(repository, List.copyOf(all.keySet()), this));
    }

    private void newest(
            Map<String, Series> all,
            String name,
            String description,
            String unit,
            Function<Snapshot, ? extends Number> value) {
        rows(name, description, unit, all, series -> value.apply(series.newest()));
    }

    private void rows(
            String name,
            String description,
            String unit,
            Map<String, Series> all,
            Function<Series, ? extends Number> value) {
        List<GaugeFamily.Row> rows = new ArrayList<>();
        all.forEach((source, series) -> rows.add(new GaugeFamily.Row(
                Tags.of("series", source), value.apply(series).doubleValue())));
        set(name, description, unit, rows);
    }

    /** Lists all objects of all stores. */
    void refreshSizes() {
        Repository.Size size = repository.size();
        set("lifeboat.repository.size", "Bytes in the primary store", "bytes", one((double) size.bytes()));
        set("lifeboat.repository.objects", "Objects in the primary store", "", one((double) size.objects()));
        set(
                "lifeboat.repository.dedup.ratio",
                "Length of all files of all snapshots, by the bytes in the primary store",
                "",
                one(size.bytes() == 0 ? 0 : (double) contentBytes / size.bytes()));
        List<GaugeFamily.Row> objects = new ArrayList<>();
        List<GaugeFamily.Row> bytes = new ArrayList<>();
        List<GaugeFamily.Row> reached = new ArrayList<>();
        for (Repository.ReplicaLag lag : repository.replicaLag()) {
            Tags replica = Tags.of("replica", lag.location());
            reached.add(new GaugeFamily.Row(replica, lag.failure().isEmpty() ? 1 : 0));
            if (lag.failure().isEmpty()) {
                objects.add(new GaugeFamily.Row(replica, lag.objects()));
                bytes.add(new GaugeFamily.Row(replica, lag.bytes()));
            }
        }
        set("lifeboat.replica.up", "Whether the replica can be read", "", reached);
        set("lifeboat.replica.lag.objects", "Objects that the replica lacks", "", objects);
        set("lifeboat.replica.lag", "Bytes that the replica lacks", "bytes", bytes);
    }

    private static List<GaugeFamily.Row> one(double value) {
        return List.of(new GaugeFamily.Row(Tags.empty(), value));
    }
}
