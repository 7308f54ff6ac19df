package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.Outcome;
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
        if (report.failedEntries() > 0) {
            reasons.add(report.failedEntries() + " entries could not be restored");
        }
        if (report.failure().isEmpty() && report.members().isEmpty() && report.failedEntries() == 0) {
            reasons.add("no container was started, since none ran when the snapshot was taken; so nothing is proven");
        }
        report.left().ifPresent(left -> reasons.add("not all was removed: " + left));
        return List.copyOf(reasons);
    }
}
