package dev.lifeboat.automation;

import dev.lifeboat.RecordLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of one attempt at what was due.
 *
 * @param schedule its name
 * @param due when it was due
 * @param attempt from 1
 * @param host on which it ran
 * @param ended when it had ended, by the clock of that host
 * @param result how it ended
 * @param done what the steps have done that succeeded, by their names, those of earlier attempts included
 * @param failed what failed, and why, by the names of the steps
 */
public record Run(
        String schedule,
        Instant due,
        int attempt,
        String host,
        Instant ended,
        Result result,
        Map<String, String> done,
        Map<String, String> failed) {
    private static final int MAX_TEXT = 1000;
    private static final String DONE = "done.";
    private static final String FAILED = "failed.";

    /** How an attempt ended. */
    public enum Result {
        /** All steps have succeeded. */
        SUCCEEDED,
        /** A step has failed. */
        FAILED,
        /** It was missed, and is not made up. */
        SKIPPED,
        /** The scheduler was closed. It is tried again. */
        CANCELLED
    }

    public Run {
        done = Map.copyOf(done);
        failed = Map.copyOf(failed);
    }

    /** Writes it as the fields of a record. */
    Map<String, String> toFields() {
        Map<String, String> fields = new LinkedHashMap<>(Map.of(
                RunEntry.EVENT, RunEntry.Event.END.name(),
                RunEntry.DUE, due.toString(),
                RunEntry.ATTEMPT, Integer.toString(attempt),
                RunEntry.HOST, host,
                RunEntry.TIME, ended.toString(),
                RunEntry.RESULT, result.name()));
        put(fields, DONE, done);
        put(fields, FAILED, failed);
        return fields;
    }

    private static void put(Map<String, String> fields, String prefix, Map<String, String> steps) {
        steps.forEach((step, text) ->
                fields.put(prefix + step, text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) : text));
    }

    /** Reads it from a record. */
    static Run of(String schedule, RunEntry entry) {
        return new Run(
                schedule,
                entry.due(),
                entry.attempt(),
                entry.host(),
                entry.time(),
                entry.result().orElse(Result.FAILED),
                steps(entry.record(), DONE),
                steps(entry.record(), FAILED));
    }

    private static Map<String, String> steps(RecordLog.Entry entry, String prefix) {
        List<String> fields = new ArrayList<>(entry.fields().keySet());
        fields.removeIf(field -> !field.startsWith(prefix));
        Map<String, String> steps = new LinkedHashMap<>();
        fields.forEach(field -> steps.put(field.substring(prefix.length()), entry.get(field)));
        return steps;
    }
}
