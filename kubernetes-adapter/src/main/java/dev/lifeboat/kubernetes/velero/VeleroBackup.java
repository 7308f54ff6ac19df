package dev.lifeboat.kubernetes.velero;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What Velero says of a backup.
 *
 * @param name its name
 * @param phase such as {@code Completed}, {@code PartiallyFailed}, {@code InProgress}
 * @param formatVersion of its layout, such as {@code 1.1.0}; empty if Velero has not come that far
 * @param namespaces that were to be backed up; {@code *} for all
 * @param started when it began
 * @param completed when it ended
 * @param expiration when a Velero server deletes it from the store
 * @param items how many objects were backed up, as Velero counts them: in a backup that failed in part, some of these
 *     are not in it
 * @param errors how many errors there were
 * @param warnings how many warnings there were
 */
public record VeleroBackup(
        String name,
        String phase,
        String formatVersion,
        List<String> namespaces,
        Optional<Instant> started,
        Optional<Instant> completed,
        Optional<Instant> expiration,
        long items,
        long errors,
        long warnings) {
    private static final Set<String> ENDED = Set.of("Completed", "PartiallyFailed");
    private static final Set<String> FAILED = Set.of("Failed", "FailedValidation", "Deleting");

    public VeleroBackup {
        namespaces = List.copyOf(namespaces);
    }

    static VeleroBackup of(String name, JsonObject description) throws IOException {
        JsonObject status = description.objectOrEmpty("status");
        return new VeleroBackup(
                name,
                status.optionalString("phase").orElse("New"),
                status.optionalString("formatVersion").orElse(""),
                description.objectOrEmpty("spec").strings("includedNamespaces"),
                instant(status, "startTimestamp"),
                instant(status, "completionTimestamp"),
                instant(status, "expiration"),
                number(status.objectOrEmpty("progress"), "itemsBackedUp"),
                number(status, "errors"),
                number(status, "warnings"));
    }

    private static long number(JsonObject object, String name) throws IOException {
        return object.has(name) ? object.size(name) : 0;
    }

    private static Optional<Instant> instant(JsonObject status, String name) throws IOException {
        try {
            return status.optionalString(name).map(Instant::parse);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Returns whether a Velero server would delete it now. */
    public boolean isExpired(Instant now) {
        return expiration.isPresent() && !expiration.get().isAfter(now);
    }

    /** Throws an exception if it is not one that can be read. */
    void checkReadable() throws VeleroException {
        if (FAILED.contains(phase)) {
            throw new VeleroException(
                    VeleroException.Kind.FAILED,
                    "backup " + name + " of Velero is in phase " + phase + ": there is nothing whole to import");
        }
        if (!ENDED.contains(phase)) {
            throw new VeleroException(
                    VeleroException.Kind.UNFINISHED,
                    "backup " + name + " of Velero is in phase " + phase + ": import it once Velero has completed it");
        }
        if (!formatVersion.matches("1\\.[01](\\.[0-9]+)?")) {
            throw new VeleroException(
                    VeleroException.Kind.NEWER_FORMAT,
                    "backup " + name + " of Velero has format version " + formatVersion
                            + "; this release of Lifeboat reads 1.0 and 1.1");
        }
    }
}
