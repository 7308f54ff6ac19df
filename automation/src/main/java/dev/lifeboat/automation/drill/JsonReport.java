package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Phase;
import dev.lifeboat.automation.drill.DrillTarget.Member;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A report as JSON. */
final class JsonReport {
    private JsonReport() {}

    static String of(DrillReport report) {
        JsonObject json = JsonObject.create()
                .put("passed", report.isPassed())
                .put("reasons", report.reasons())
                .put("series", report.snapshot().source())
                .put("snapshot", report.snapshot().id().toString())
                .put("snapshotTime", report.snapshot().time().toString())
                .put("target", report.target())
                .put("started", report.started().toString())
                .put("duration", Markup.seconds(report.duration()))
                .put("timeToHealthy", report.timeToHealthy().map(Markup::seconds))
                .put("dataAge", Markup.seconds(report.dataAge()));
        List<@Nullable Object> phases = new ArrayList<>();
        for (Phase phase : report.phases()) {
            phases.add(JsonObject.create()
                    .put("name", phase.name())
                    .put("begin", Markup.seconds(phase.begin()))
                    .put("duration", Markup.seconds(phase.duration()))
                    .members());
        }
        List<@Nullable Object> members = new ArrayList<>();
        for (Member member : report.members()) {
            members.add(JsonObject.create()
                    .put("name", member.name())
                    .put("state", member.state())
                    .put("good", member.good())
                    .put("waited", Markup.seconds(member.waited()))
                    .put("detail", member.detail())
                    .members());
        }
        List<@Nullable Object> checks = new ArrayList<>();
        for (CheckResult check : report.checks()) {
            checks.add(JsonObject.create()
                    .put("name", check.name())
                    .put("outcome", check.outcome().name())
                    .put("detail", check.detail())
                    .put("duration", Markup.seconds(check.duration()))
                    .members());
        }
        List<@Nullable Object> lost = new ArrayList<>();
        for (Problem problem : report.lost()) {
            lost.add(JsonObject.create()
                    .put("path", problem.path().toString())
                    .put("kind", problem.kind().name())
                    .put("detail", problem.detail())
                    .members());
        }
        json.put("phases", phases)
                .put("members", members)
                .put("checks", checks)
                .put("lost", lost)
                .put("failedEntries", report.failedEntries())
                .put("notes", report.notes())
                .put("readBy", new TreeMap<>(report.readBy()))
                .put("removedBefore", report.removedBefore());
        report.failure().ifPresent(failure -> json.put("failure", failure));
        report.left().ifPresent(left -> json.put("left", left));
        return new String(json.toPrettyBytes(), StandardCharsets.UTF_8);
    }
}
