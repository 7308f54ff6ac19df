package dev.lifeboat.docker.plan;

import java.util.List;

/**
 * What a restore does, made before it changes anything. Immutable.
 *
 * @param steps in order
 * @param conflicts for which it cannot be done; if there are any, nothing is done
 * @param warnings what will differ from what was captured, or affects others
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
                    "%-8s %-10s %s%s%n",
                    step.action(),
                    step.resource(),
                    step.name(),
                    step.detail().isEmpty() ? "" : "  (" + step.detail() + ")"));
        }
        warnings.forEach(warning -> table.append(String.format("WARNING  %s%n", warning)));
        conflicts.forEach(conflict -> table.append(String.format("CONFLICT %s%n", conflict)));
        return table.toString();
    }
}
