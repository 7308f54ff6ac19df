package dev.lifeboat.micrometer;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The gauges of one name, one for each set of tags. A gauge whose value changes stays registered, so that a reading of
 * all metrics at the same time meets it exactly once. Micrometer's own {@code MultiGauge} removes it and registers
 * another, and Prometheus' registry then sees none or two. Used by one thread at a time.
 */
final class GaugeFamily {
    /** The value of the gauge that has these tags. */
    record Row(Tags tags, double value) {}

    private record Member(Gauge gauge, AtomicReference<Double> value) {}

    private final MeterRegistry registry;
    private final String name;
    private final String description;
    private final String unit;
    private final Tags common;
    private final Map<Tags, Member> members = new HashMap<>();

    GaugeFamily(MeterRegistry registry, String name, String description, String unit, Tags common) {
        this.registry = registry;
        this.name = name;
        this.description = description;
        this.unit = unit;
        this.common = common;
    }

    /** Sets all rows: those that were set before and are not among them go. */
    void set(List<Row> rows) {
        Set<Tags> kept = new HashSet<>();
        for (Row row : rows) {
            kept.add(row.tags());
            members.computeIfAbsent(row.tags(), tags -> register(tags, row.value()))
                    .value()
                    .set(row.value());
        }
        // After the new ones, so that the name stays known to the registry while it has a gauge.
        members.entrySet().removeIf(member -> {
            boolean gone = !kept.contains(member.getKey());
            if (gone) {
                registry.remove(member.getValue().gauge());
            }
            return gone;
        });
    }

    private Member register(Tags tags, double first) {
        AtomicReference<Double> value = new AtomicReference<>(first);
        Gauge gauge = Gauge.builder(name, value, AtomicReference::get)
                .description(description)
                .baseUnit(unit.isEmpty() ? null : unit)
                .tags(common.and(tags))
                .strongReference(true)
                .register(registry);
        return new Member(gauge, value);
    }
}
