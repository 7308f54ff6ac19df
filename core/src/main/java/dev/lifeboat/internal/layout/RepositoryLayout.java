package dev.lifeboat.internal.layout;

import dev.lifeboat.storage.ObjectKey;
import java.util.Locale;
import java.util.Optional;

/** Where each kind of object of a repository lies: docs/FORMAT.md, section 1. The only place that spells a key. */
public final class RepositoryLayout {
    /** The descriptor: the first object that is read. */
    public static final ObjectKey DESCRIPTOR = new ObjectKey("lifeboat.json");

    /** Prefix of key slots. */
    public static final String KEY_SLOTS = "keys/";
    /** Prefix of the outcomes of sessions: manifests of snapshots, and records of aborted backups. */
    public static final String SNAPSHOTS = "snapshots/";
    /** Prefix of changes of the tags of snapshots. */
    public static final String TAGS = "tags/";
    /** Prefix of sessions. */
    public static final String SESSIONS = "sessions/";
    /** Prefix of packs. */
    public static final String PACKS = "packs/";
    /** Prefix of index objects. */
    public static final String INDEX = "index/";
    /** Prefix of tar archives, their entry lists and their manifests. */
    public static final String ARCHIVES = "archives/";
    /** Prefix of the records of pending deletions. */
    public static final String DELETIONS = "deletions/";
    /** Prefix of the completion records of prunes. */
    public static final String COMPLETIONS = "completions/";
    /** Prefix of quarantined objects; their own keys follow. */
    public static final String QUARANTINE = "quarantine/";
    /** Prefix of logs that programs keep. */
    public static final String LOGS = "logs/";

    /** Prefix of the entries of the audit trail. */
    public static final String AUDIT = "audit/";

    private static final int SERIES_DIGITS = 8;
    private static final int ID_DIGITS = 32;

    private RepositoryLayout() {}

    /** Returns the key of the outcome of a session. */
    public static ObjectKey snapshot(String id) {
        return new ObjectKey(snapshotsOf(id.substring(0, SERIES_DIGITS)) + id);
    }

    /**
     * Returns the prefix of the outcomes of one series, and of few others.
     *
     * @param series the first eight digits of their ids
     */
    public static String snapshotsOf(String series) {
        return SNAPSHOTS + series + "/";
    }

    /**
     * Returns the prefix of changes of the tags of one series, and of few others.
     *
     * @param series the first eight digits of its ids
     */
    public static String tagsOf(String series) {
        return TAGS + series + "/";
    }

    /** Returns the prefix of changes of the tags of a snapshot. */
    public static String tagsOfSnapshot(String id) {
        return tagsOf(id.substring(0, SERIES_DIGITS)) + id + "/";
    }

    /** Returns the key of a change of the tags of a snapshot. */
    public static ObjectKey tags(String id, String change) {
        return new ObjectKey(tagsOfSnapshot(id) + change);
    }

    /** Returns the id of the snapshot whose tags an object changes; empty if it is no such object. */
    public static Optional<String> snapshotOfTags(ObjectKey key) {
        String[] parts = key.value().split("/", -1);
        boolean is = parts.length == 4 && parts[2].matches("[0-9a-f]{32}") && key.equals(tags(parts[2], parts[3]));
        return is ? Optional.of(parts[2]) : Optional.empty();
    }

    /** Returns the key of a session. */
    public static ObjectKey session(String id) {
        return new ObjectKey(SESSIONS + id);
    }

    /** Returns the key of a key slot. */
    public static ObjectKey keySlot(String id) {
        return new ObjectKey(KEY_SLOTS + id);
    }

    /** Returns the key of a pack. The last digits of its id spread packs, since the first ones name the session. */
    public static ObjectKey pack(String id) {
        return new ObjectKey(PACKS + id.substring(id.length() - 2) + "/" + id);
    }

    /** Returns the key of an index object. */
    public static ObjectKey index(String id) {
        return new ObjectKey(INDEX + id);
    }

    /**
     * Returns the key of a part of a tar archive.
     *
     * @param suffix such as {@code .json}
     */
    public static ObjectKey archive(String id, String suffix) {
        return new ObjectKey(ARCHIVES + id + suffix);
    }

    /** Returns the key of the record of what a prune is about to delete. */
    public static ObjectKey deletion(String prune) {
        return new ObjectKey(DELETIONS + prune);
    }

    /** Returns the key of the record by which a prune says that it will not act on its pending deletions any more. */
    public static ObjectKey completion(String prune) {
        return new ObjectKey(COMPLETIONS + prune);
    }

    /**
     * Returns the prefix of the entries of a log, and of few others.
     *
     * @param log the first digits of the hash of its name
     */
    public static String logEntries(String log) {
        return LOGS + log + "/";
    }

    /** Returns the key of an entry of a log. */
    public static ObjectKey logEntry(String log, long number) {
        return new ObjectKey(logEntries(log) + String.format(Locale.ROOT, "%016x", number));
    }

    /** Returns the key of an entry of the audit trail. */
    public static ObjectKey auditEntry(long number) {
        return new ObjectKey(AUDIT + String.format(Locale.ROOT, "%016x", number));
    }

    /** Returns where an object is quarantined. */
    public static ObjectKey quarantined(ObjectKey object, String suffix) {
        return new ObjectKey(QUARANTINE + object + suffix);
    }

    /** Returns the key that a quarantined outcome had before; the quarantine may have added a suffix to it. */
    public static ObjectKey outcomeBeforeQuarantine(ObjectKey quarantined) {
        String key = quarantined.value().substring(QUARANTINE.length());
        int end = key.lastIndexOf('/') + 1 + ID_DIGITS;
        return new ObjectKey(end < key.length() ? key.substring(0, end) : key);
    }

    /** Returns the part of a key before its first slash, or the key itself. */
    public static String top(ObjectKey key) {
        int slash = key.value().indexOf('/');
        return slash < 0 ? key.value() : key.value().substring(0, slash + 1);
    }
}
