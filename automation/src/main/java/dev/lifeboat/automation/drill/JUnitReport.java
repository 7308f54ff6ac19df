package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.automation.drill.DrillTarget.Member;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** A report in the XML format of JUnit, as CI servers read it. */
final class JUnitReport {
    private final DrillReport report;
    private final StringBuilder tests = new StringBuilder();
    private int count;
    private int failures;
    private int skipped;

    JUnitReport(DrillReport report) {
        this.report = report;
    }

    String document() {
        Duration restored = report.timeToHealthy().orElse(Duration.ZERO);
        test("restore", restored, report.failure().orElse(""), "");
        for (Member member : report.members()) {
            String failure = member.good() ? "" : member.name() + " is " + member.state() + " " + member.detail();
            test("container " + member.name(), member.waited(), failure, "");
        }
        for (CheckResult check : report.checks()) {
            boolean failed = check.outcome() == Outcome.FAILED || check.outcome() == Outcome.TIMED_OUT;
            String detail = check.detail().isEmpty() ? check.outcome().name() : check.detail();
            test(
                    check.name(),
                    check.duration(),
                    failed ? detail : "",
                    check.outcome() == Outcome.SKIPPED ? detail : "");
        }
        test("snapshot is complete", Duration.ZERO, report.isSnapshotComplete() ? "" : "it is incomplete", "");
        test("all is removed", Duration.ZERO, report.left().orElse(""), "");
        test("the backup is proven", Duration.ZERO, String.join("; ", report.reasons()), "");
        return String.format(
                        Locale.ROOT,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>%n<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\""
                                + " errors=\"0\" skipped=\"%d\" time=\"%.3f\" timestamp=\"%s\">%n",
                        Markup.escaped("drill of " + report.snapshot().source()),
                        count,
                        failures,
                        skipped,
                        Markup.seconds(report.duration()),
                        report.started()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString()
                                .replace("Z", ""))
                + tests + "</testsuite>\n";
    }

    private void test(String name, Duration duration, String failure, String skip) {
        count++;
        tests.append(String.format(
                Locale.ROOT,
                "  <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\"",
                Markup.escaped("drill." + report.snapshot().source().replace(':', '.')),
                Markup.escaped(name),
                Markup.seconds(duration)));
        if (!failure.isEmpty()) {
            failures++;
            tests.append(">\n    <failure message=\"")
                    .append(Markup.escaped(failure))
                    .append("\"/>\n  </testcase>\n");
        } else if (!skip.isEmpty()) {
            skipped++;
            tests.append(">\n    <skipped message=\"")
                    .append(Markup.escaped(skip))
                    .append("\"/>\n  </testcase>\n");
        } else {
            tests.append("/>\n");
        }
    }
}
