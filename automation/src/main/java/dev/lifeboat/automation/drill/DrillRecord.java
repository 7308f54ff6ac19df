package dev.lifeboat.automation.drill;

import dev.lifeboat.BackupException;
import dev.lifeboat.RecordLog;
import dev.lifeboat.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The result of a drill, as the repository keeps it.
 *
 * @param series name of the source
 * @param snapshot id of the snapshot that was restored
 * @param started when the drill began, by the clock of its host
 * @param passed whether the backup was proven
 * @param timeToHealthy from the begin of the restore until all members worked; empty if they did not
 * @param dataAge how old the data was when the drill began
 * @param reason why it was not passed; empty if it was
 */
public record DrillRecord(
        String series,
        String snapshot,
        Instant started,
        boolean passed,
        Optional<Duration> timeToHealthy,
        Duration dataAge,
        String reason) {
    private static final Logger log = LoggerFactory.getLogger(DrillRecord.class);

    private static final int MAX_TEXT = 2000;
    private static final int MAX_NAME = 150;
    private static final int KEPT = 500;
    private static final int ATTEMPTS = 10;
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    static DrillRecord of(DrillReport report) {
        String reason = String.join("; ", report.reasons());
        return new DrillRecord(
                report.snapshot().source(),
                report.snapshot().id().toString(),
                report.started(),
                report.isPassed(),
                report.timeToHealthy(),
                report.dataAge(),
                reason.length() > MAX_TEXT ? reason.substring(0, MAX_TEXT) : reason);
    }

    private static RecordLog log(Repository repository, String series) {
        // The name of a log is limited.
        String name = series.length() > MAX_NAME
                ? series.substring(0, MAX_NAME) + "#" + Integer.toHexString(series.hashCode())
                : series;
        return repository.log("drill:" + name);
    }

    /** A drill has proven what it has, even if it cannot be recorded. */
    void append(Repository repository) {
        try {
            RecordLog records = log(repository, series);
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("snapshot", snapshot);
            fields.put("started", started.toString());
            fields.put("passed", Boolean.toString(passed));
            timeToHealthy.ifPresent(time -> fields.put("timeToHealthy", time.toString()));
            fields.put("dataAge", dataAge.toString());
            fields.put("reason", reason);
            for (int i = 0; i < ATTEMPTS; i++) {
                long last = records.last().map(RecordLog.Entry::number).orElse(0L);
                if (records.append(last, fields).isPresent()) {
                    if (last % KEPT == KEPT - 1) {
                        records.trim(KEPT);
                    }
                    return;
                }
            }
            log.warn("drill is not recorded: others append at the same time [series={}]", series);
        } catch (BackupException e) {
            log.warn("drill is not recorded [series={}, cause={}]", series, e.getMessage());
        }
    }

    static List<DrillRecord> newest(Repository repository, String series, int count) {
        return log(repository, series).newest(count).stream()
                .map(entry -> from(series, entry))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<DrillRecord> from(String series, RecordLog.Entry entry) {
        try {
            String healthy = entry.get("timeToHealthy");
            return Optional.of(new DrillRecord(
                    series,
                    entry.get("snapshot"),
                    Instant.parse(entry.get("started")),
                    Boolean.parseBoolean(entry.get("passed")),
                    healthy.isEmpty() ? Optional.empty() : Optional.of(Duration.parse(healthy)),
                    Duration.parse(entry.get("dataAge")),
                    entry.get("reason")));
        } catch (DateTimeException e) {
            // Written by a version that writes otherwise.
            return Optional.empty();
        }
    }

    static void write(DrillReport report, Path directory) {
        String name = NAME.format(report.started()) + "-" + report.snapshot().id() + "-"
                + HexFormat.of().toHexDigits((short) ThreadLocalRandom.current().nextInt());
        try {
            Path page = report.writeTo(directory.resolve(name));
            log.debug("report of a drill is written [file={}]", page);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot write the report of a drill to " + directory + ": " + e.getMessage(), e);
        }
    }
}
