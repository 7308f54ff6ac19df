package dev.lifeboat.automation;

import dev.lifeboat.BackupException;
import dev.lifeboat.RecordLog;
import dev.lifeboat.Repository;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The records of a schedule, of which those that were read are kept. Not thread-safe. */
final class ScheduleLog {
    private static final Logger LOG = LoggerFactory.getLogger(ScheduleLog.class);

    private static final int KEPT = 1000;
    /** How many of them decide what is next. */
    private static final int RECENT = 100;

    private final RecordLog log;
    private final List<RunEntry> entries = new ArrayList<>();

    ScheduleLog(Repository repository, String schedule) {
        this.log = repository.log("schedule:" + schedule);
    }

    /** Reads what is new, and returns the recent ones in their order. */
    List<RunEntry> refresh() {
        if (entries.isEmpty()) {
            List<RecordLog.Entry> newest = new ArrayList<>(log.newest(RECENT));
            Collections.reverse(newest);
            newest.forEach(entry -> entries.add(new RunEntry(entry)));
        } else {
            log.after(lastNumber()).forEach(entry -> entries.add(new RunEntry(entry)));
        }
        if (entries.size() > 2 * RECENT) {
            entries.subList(0, entries.size() - RECENT).clear();
        }
        return Collections.unmodifiableList(entries);
    }

    private long lastNumber() {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).number();
    }

    /** Adds a record behind those that were read; returns false if another process has added one. */
    boolean append(Map<String, String> fields) {
        Optional<RecordLog.Entry> added = log.append(lastNumber(), fields);
        added.ifPresent(entry -> {
            entries.add(new RunEntry(entry));
            if (entry.number() % KEPT == 0) {
                trim();
            }
        });
        return added.isPresent();
    }

    /** A host that may not delete leaves the old records to one that may. */
    private void trim() {
        try {
            log.trim(KEPT);
        } catch (BackupException e) {
            LOG.debug("old records of the schedule are kept: {}", e.getMessage());
        }
    }
}
