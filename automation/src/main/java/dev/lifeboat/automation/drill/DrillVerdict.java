package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.entry.Problem;
import java.util.ArrayList;
import java.util.List;

/** Why a drill is not passed. */
final class DrillVerdict {
    private DrillVerdict() {}

    static List<String> reasons(DrillReport report) {
        List<String> reasons = new ArrayList<>();
        report.failure().ifPresent(failure -> reasons.add("the application was not restored: " + failure));
        report.members().stream()
                .filter(member -> !member.good())
                .forEach(member -> reasons.add(member.name() + " is " + member.state()
                        + (member.detail().isEmpty() ? "" : ": " + member.detail())));
        report.checks().stream()
                .filter(check -> check.outcome() != Outcome.PASSED && check.outcome() != Outcome.SKIPPED)
                .forEach(check -> reasons.add("check '" + check.name() + "' "
                        + (check.outcome() == Outcome.TIMED_OUT ? "timed out" : "failed") + ": " + check.detail()));
        if (!report.isSnapshotComplete()) {
            reasons.add("the snapshot is incomplete: it lacks what it should have");
        }
        long failed = report.lost().stream()
                .filter(problem -> problem.kind() == Problem.Kind.FAILED)
                .count();
        if (failed > 0 && report.failure().isEmpty() && report.isSnapshotComplete()) {
            reasons.add(failed + " entries were not restored");
        }
        report.left().ifPresent(left -> reasons.add("not all was removed: " + left));
        return List.copyOf(reasons);
    }
}
