package dev.lifeboat.micrometer;

import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.Drill;
import dev.lifeboat.automation.drill.DrillRecord;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;

/** Results of the last drills. The only class that needs the module of drills. */
final class DrillGauges {
    void refresh(Repository repository, List<String> series, RepositoryGauges gauges) {
        List<GaugeFamily.Row> time = new ArrayList<>();
        List<GaugeFamily.Row> passed = new ArrayList<>();
        List<GaugeFamily.Row> healthy = new ArrayList<>();
        List<GaugeFamily.Row> age = new ArrayList<>();
        for (String name : series) {
            for (DrillRecord last : Drill.history(repository, name, 1)) {
                Tags tags = Tags.of("series", name);
                time.add(new GaugeFamily.Row(tags, last.started().getEpochSecond()));
                passed.add(new GaugeFamily.Row(tags, last.passed() ? 1 : 0));
                age.add(new GaugeFamily.Row(tags, RepositoryGauges.seconds(last.dataAge())));
                last.timeToHealthy()
                        .ifPresent(rto -> healthy.add(new GaugeFamily.Row(tags, RepositoryGauges.seconds(rto))));
            }
        }
        gauges.set("lifeboat.drill.time", "When the last drill began, in seconds since 1970", "seconds", time);
        gauges.set("lifeboat.drill.passed", "Whether the last drill has proven the backup", "", passed);
        gauges.set("lifeboat.drill.rto", "Time until all was healthy in the last drill", "seconds", healthy);
        gauges.set("lifeboat.drill.rpo", "Age of the data in the last drill", "seconds", age);
    }
}
