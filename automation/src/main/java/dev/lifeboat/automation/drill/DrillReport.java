package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillTarget.Member;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a drill has found. Immutable.
 *
 * @param snapshot that was restored
 * @param target where
 * @param started when the drill began
 * @param phases what was done when
 * @param timeToHealthy from the begin of the restore until all members worked: the recovery time that can be had (RTO);
 *     empty if they did not
 * @param dataAge how old the data was when the drill began: what a disaster then would have lost (RPO)
 * @param members what became of the containers
 * @param checks what was checked
 * @param lost what was not captured, or not restored, or is not as it was
 * @param failedEntries number of entries that could not be restored
 * @param notes what is not as in the original because it was a drill
 * @param readBy how each part of the snapshot was read, by its path
 * @param failure why the application could not be restored
 * @param removedBefore what drills had left whose process was killed
 * @param left why something of this drill was not removed
 */
public record DrillReport(
        Snapshot snapshot,
        String target,
        Instant started,
        List<Phase> phases,
        Optional<Duration> timeToHealthy,
        Duration dataAge,
        List<Member> members,
        List<CheckResult> checks,
        List<Problem> lost,
        long failedEntries,
        List<String> notes,
        Map<String, String> readBy,
        Optional<String> failure,
        List<String> removedBefore,
        Optional<String> left) {
    public DrillReport {
        phases = List.copyOf(phases);
        members = List.copyOf(members);
        checks = List.copyOf(checks);
        lost = List.copyOf(lost);
        notes = List.copyOf(notes);
        readBy = Map.copyOf(readBy);
        removedBefore = List.copyOf(removedBefore);
    }

    /**
     * A part of the drill.
     *
     * @param name of it
     * @param begin since the begin of the drill
     * @param duration how long it took
     */
    public record Phase(String name, Duration begin, Duration duration) {}

    /** How a check has ended. */
    public enum Outcome {
        /** The application passes it. */
        PASSED,
        /** The application does not pass it. */
        FAILED,
        /** It had not ended when its time was up. */
        TIMED_OUT,
        /** It was not run, since the application was not restored. */
        SKIPPED
    }

    /**
     * The result of a check.
     *
     * @param name of the check
     * @param outcome how it has ended
     * @param detail what was found, or why it failed
     * @param duration how long it took
     */
    public record CheckResult(String name, Outcome outcome, String detail, Duration duration) {}

    /**
     * Whether the backup is proven: the application was restored, all of its members work, all checks have passed, and
     * the snapshot lacks nothing that it should have.
     */
    public boolean isPassed() {
        return reasons().isEmpty();
    }

    /** Returns why it is not passed, each for people; none if it is. */
    public List<String> reasons() {
        return DrillVerdict.reasons(this);
    }

    /** Whether the snapshot has all that it should have. */
    boolean isSnapshotComplete() {
        return snapshot.completeness() != Completeness.INCOMPLETE;
    }

    /** How long the drill took. */
    public Duration duration() {
        return phases.stream()
                .map(phase -> phase.begin().plus(phase.duration()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    /** Returns the report as one HTML page, which needs no other file and no network. */
    public String toHtml() {
        return new HtmlReport(this).page();
    }

    /** Returns the report as JUnit XML: one test suite, with a test for the restore, each member, and each check. */
    public String toJUnitXml() {
        return new JUnitReport(this).document();
    }

    /** Returns the report as JSON, for programs. Durations are in seconds. */
    public String toJson() {
        return JsonReport.of(this);
    }

    /**
     * Writes {@code drill.html}, {@code drill.xml} and {@code drill.json} into a directory, which is created. Files
     * that are there are replaced, each at once.
     *
     * @return the HTML page
     * @throws IOException if a file cannot be written; earlier ones are written by then
     */
    public Path writeTo(Path directory) throws IOException {
        Files.createDirectories(directory);
        write(directory.resolve("drill.xml"), toJUnitXml());
        write(directory.resolve("drill.json"), toJson());
        return write(directory.resolve("drill.html"), toHtml());
    }

    private static Path write(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(temporary, text.getBytes(StandardCharsets.UTF_8));
        return Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public String toString() {
        return "drill of snapshot " + snapshot.id() + " of " + snapshot.source()
                + (isPassed() ? ": passed" : ": " + String.join("; ", reasons()));
    }
}
