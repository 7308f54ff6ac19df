package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.automation.drill.DrillTarget.Member;
import dev.lifeboat.entry.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeMap;

/** A report as one HTML page. Everything that is not from here is escaped; the page loads nothing and runs nothing. */
final class HtmlReport {
    private static final int MAX_PROBLEMS = 200;

    private final DrillReport report;
    private final StringBuilder out = new StringBuilder();

    HtmlReport(DrillReport report) {
        this.report = report;
    }

    String page() {
        String verdict = report.isPassed() ? "passed" : "failed";
        String title = "Drill of " + report.snapshot().source() + ": " + verdict;
        raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        raw("<meta name=\"color-scheme\" content=\"light dark\">");
        raw("<title>" + Markup.escaped(title) + "</title>");
        raw("<style>\n" + style() + "</style>\n</head>\n<body>\n<main>");
        raw("<header class=\"" + verdict + "\"><p class=\"verdict\">" + verdict.toUpperCase(Locale.ROOT) + "</p>");
        raw("<h1>" + Markup.escaped(report.snapshot().source()) + "</h1>");
        raw("<p>Snapshot " + Markup.escaped(report.snapshot().id().toString()) + " of "
                + time(report.snapshot().time()) + ", restored at " + time(report.started()) + "</p></header>");
        reasons();
        figures();
        raw("<h2>Time line</h2>");
        raw(new TimeLine(report).svg());
        checks();
        members();
        lost();
        notes();
        parts();
        raw("<footer><p>Restored to " + Markup.escaped(report.target())
                + ", under throw-away names, on networks without a way out. "
                + (report.left().isEmpty() ? "All of it is removed again." : "") + "</p></footer>");
        raw("</main>\n</body>\n</html>");
        return out.toString();
    }

    private static String style() {
        try (InputStream in = Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.css"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void raw(String markup) {
        out.append(markup).append('\n');
    }

    private static String time(Instant time) {
        String text = time.truncatedTo(ChronoUnit.SECONDS).toString();
        return "<time datetime=\"" + text + "\">" + text.replace('T', ' ').replace("Z", " UTC") + "</time>";
    }

    private void reasons() {
        List<String> reasons = report.reasons();
        if (!reasons.isEmpty()) {
            raw("<section class=\"reasons\"><h2>Why it failed</h2><ul>");
            reasons.forEach(reason -> raw("<li>" + Markup.escaped(reason) + "</li>"));
            raw("</ul></section>");
        }
        if (!report.removedBefore().isEmpty()) {
            raw("<p class=\"note\">Removed what an earlier drill had left: "
                    + Markup.escaped(String.join(", ", report.removedBefore())) + "</p>");
        }
    }

    private void figures() {
        long passed = report.checks().stream()
                .filter(check -> check.outcome() == Outcome.PASSED)
                .count();
        raw("<dl class=\"figures\">");
        figure(
                "Time to healthy",
                "RTO",
                report.timeToHealthy().map(Markup::text).orElse("never"));
        figure("Age of the data", "RPO", Markup.text(report.dataAge()));
        figure("Checks passed", "", passed + " of " + report.checks().size());
        figure("Drill took", "", Markup.text(report.duration()));
        raw("</dl>");
    }

    private void figure(String name, String abbreviation, String value) {
        String small = abbreviation.isEmpty() ? "" : " <small>" + abbreviation + "</small>";
        raw("<div><dt>" + name + small + "</dt><dd>" + Markup.escaped(value) + "</dd></div>");
    }

    private void checks() {
        raw("<h2>Checks</h2>");
        if (report.checks().isEmpty()) {
            raw("<p>None: only the containers had to become healthy.</p>");
            return;
        }
        raw("<ul class=\"rows\">");
        for (CheckResult check : report.checks()) {
            boolean good = check.outcome() == Outcome.PASSED;
            row(
                    good ? "good" : "bad",
                    check.outcome().name().replace('_', ' '),
                    check.name(),
                    check.detail(),
                    Markup.text(check.duration()));
        }
        raw("</ul>");
    }

    private void members() {
        raw("<h2>Containers</h2>");
        if (report.members().isEmpty()) {
            raw("<p>None was started.</p>");
            return;
        }
        raw("<ul class=\"rows\">");
        for (Member member : report.members()) {
            row(
                    member.good() ? "good" : "bad",
                    member.state(),
                    member.name(),
                    member.detail(),
                    Markup.text(member.waited()));
        }
        raw("</ul>");
    }

    private void row(String style, String state, String name, String detail, String took) {
        raw("<li><span class=\"tag " + style + "\">" + Markup.escaped(state) + "</span> <b>"
                + Markup.escaped(name) + "</b> <span class=\"took\">" + Markup.escaped(took) + "</span>"
                + (detail.isEmpty() ? "" : "<pre>" + Markup.escaped(detail) + "</pre>") + "</li>");
    }

    private void lost() {
        raw("<h2>What is not as it was</h2>");
        if (report.lost().isEmpty()) {
            raw(
                    report.failure().isEmpty()
                            ? "<p>Nothing: all was captured and restored.</p>"
                            : "<p>Not known: the application was not restored.</p>");
            return;
        }
        raw("<ul class=\"rows\">");
        for (Problem problem :
                report.lost().subList(0, Math.min(MAX_PROBLEMS, report.lost().size()))) {
            String style = problem.kind() == Problem.Kind.FAILED ? "bad" : "quiet";
            String path = problem.path().isRoot() ? "all of it" : problem.path().toString();
            row(style, problem.kind().name(), path, problem.detail(), "");
        }
        raw("</ul>");
        if (report.lost().size() > MAX_PROBLEMS) {
            raw("<p>" + (report.lost().size() - MAX_PROBLEMS) + " more; the JSON has all of them.</p>");
        }
    }

    private void notes() {
        if (report.notes().isEmpty()) {
            return;
        }
        raw("<h2>Other than in the original, because it is a drill</h2>\n<ul class=\"rows\">");
        report.notes().forEach(note -> raw("<li>" + Markup.escaped(note) + "</li>"));
        raw("</ul>");
    }

    private void parts() {
        if (report.readBy().isEmpty()) {
            return;
        }
        raw("<h2>How it was captured</h2>\n<ul class=\"rows\">");
        new TreeMap<>(report.readBy())
                .forEach((path, readBy) -> raw("<li><b>" + Markup.escaped(path) + "</b> <span class=\"took\">"
                        + Markup.escaped(readBy) + "</span></li>"));
        raw("</ul>");
    }
}
