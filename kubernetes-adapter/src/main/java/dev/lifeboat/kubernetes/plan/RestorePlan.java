package dev.lifeboat.kubernetes.plan;

import java.util.List;

/**
 * The plan of a restore, made before anything is changed. Immutable.
 *
 * @param steps steps, in the order in which they are done
 * @param conflicts conflicts; if there are any, no step is done
 * @param warnings differences from what was captured
 */
public record RestorePlan(List<PlanStep> steps, List<Conflict> conflicts, List<String> warnings) {
    public RestorePlan {
        steps = List.copyOf(steps);
        conflicts = List.copyOf(conflicts);
        warnings = List.copyOf(warnings);
    }

    /** Returns the plan as a table for people: one line each, steps first. */
    @Override
    public String toString() {
        StringBuilder table = new StringBuilder();
        for (PlanStep step : steps) {
            table.append(String.format(
                    "%-8s %s%s%n",
                    step.action(), step.resource(), step.detail().isEmpty() ? "" : "  (" + step.detail() + ")"));
        }
        warnings.forEach(warning -> table.append(String.format("WARNING  %s%n", warning)));
        conflicts.forEach(conflict -> table.append(String.format("CONFLICT %s%n", conflict)));
        return table.toString();
    }
}
