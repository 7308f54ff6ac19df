package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.Phase;
import java.time.Duration;
import java.util.Locale;

/** What was done when, as SVG. A unit is a CSS pixel on a phone of 360. */
final class TimeLine {
    private static final int WIDTH = 360;
    private static final int ROW = 40;
    private static final double LEAST = 2;

    private final DrillReport report;

    TimeLine(DrillReport report) {
        this.report = report;
    }

    String svg() {
        double total = Math.max(1, report.duration().toNanos());
        int height = report.phases().size() * ROW;
        StringBuilder out = new StringBuilder();
        line(
                out,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"What was done when\">",
                WIDTH,
                Math.max(ROW, height));
        int y = 0;
        for (Phase phase : report.phases()) {
            double x = Math.min(phase.begin().toNanos() / total * WIDTH, WIDTH - LEAST);
            double width = Math.min(Math.max(LEAST, phase.duration().toNanos() / total * WIDTH), WIDTH - x);
            line(out, "<text x=\"0\" y=\"%d\">%s</text>", y + 14, Markup.escaped(phase.name()));
            line(
                    out,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
                    WIDTH,
                    y + 14,
                    Markup.escaped(Markup.text(phase.duration())));
            line(out, "<rect class=\"track\" x=\"0\" y=\"%d\" width=\"%d\" height=\"10\" rx=\"2\"/>", y + 20, WIDTH);
            line(
                    out,
                    "<rect class=\"bar\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"10\" rx=\"2\"><title>%s, after %s</title></rect>",
                    x,
                    y + 20,
                    width,
                    Markup.escaped(phase.name()),
                    Markup.text(phase.begin()));
            y += ROW;
        }
        report.timeToHealthy().ifPresent(time -> healthy(out, time, total, height));
        return out.append("</svg>\n").toString();
    }

    /** The moment from which on the application worked. */
    private void healthy(StringBuilder out, Duration time, double total, int height) {
        Duration begin = report.phases().stream()
                .filter(phase -> phase.name().startsWith("restore"))
                .map(Phase::begin)
                .findFirst()
                .orElse(Duration.ZERO);
        double x = Math.min(begin.plus(time).toNanos() / total * WIDTH, WIDTH - 1);
        line(out, "<line class=\"healthy\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\"/>", x, x, height);
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
