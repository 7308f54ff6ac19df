package dev.lifeboat.micrometer;

import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.Drill;
import dev.lifeboat.automation.drill.DrillTarget;
import dev.lifeboat.automation.drill.RestoredApplication;
import dev.lifeboat.snapshot.Snapshot;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A drill that has passed, of which only the result is of interest. */
final class Drills {
    private Drills() {}

    static void record(Repository repository, Snapshot snapshot) throws InterruptedException {
        DrillTarget target = new DrillTarget() {
            @Override
            public String location() {
                return "nowhere";
            }

            @Override
            public List<String> removeLeftovers() {
                return List.of();
            }

            @Override
            public Session begin(Repository from, Snapshot what) {
                return new Session() {
                    @Override
                    public Restored restore() {
                        Member member = new Member("web", "HEALTHY", true, Duration.ofSeconds(1), "");
                        return new Restored(List.of(member), List.of(), 0, List.of(), Map.of());
                    }

                    @Override
                    public List<String> ended() {
                        return List.of();
                    }

                    @Override
                    public RestoredApplication application() {
                        throw new IllegalStateException("there are no checks");
                    }

                    @Override
                    public void close() {}
                };
            }
        };
        if (!Drill.in(target).run(repository, snapshot).isPassed()) {
            throw new AssertionError("the drill has not passed");
        }
    }
}
