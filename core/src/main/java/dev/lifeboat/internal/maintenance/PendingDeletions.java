package dev.lifeboat.internal.maintenance;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Records of objects that a prune is about to delete: docs/FORMAT.md, section 6. No new snapshot refers to an object
 * that a record names.
 */
public final class PendingDeletions {
    /** Kind of deleted object: tar archives. */
    public static final String ARCHIVES = "archives";
    /** Kind of deleted object: packs. */
    public static final String PACKS = "packs";

    private static final String KIND = "pending-deletion";
    private static final String COMPLETION = "completion";
    private static final int VERSION = 1;

    private PendingDeletions() {}

    /**
     * Puts a record.
     *
     * @param what the kind of objects named: {@code archives} or {@code packs}
     */
    public static void put(FormatContext context, String prune, String what, Collection<String> names)
            throws IOException {
        JsonObject json = SealedDocument.start(KIND, VERSION).put(what, new ArrayList<>(names));
        put(context, key(prune), json);
    }

    /** Removes a record. Only the prune that put the record calls this. */
    public static void drop(StorageTarget storage, String prune) throws IOException {
        storage.delete(List.of(key(prune)));
    }

    /** Removes records whose objects are all gone. */
    public static void dropAll(StorageTarget storage, Collection<String> prunes) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        // The record first: a completion record alone has no meaning.
        prunes.forEach(prune -> keys.add(key(prune)));
        prunes.forEach(prune -> keys.add(completionRecord(prune)));
        storage.delete(keys);
    }

    /**
     * Keeps a record and puts its completion record, which names the sessions it waits for. This prune will not act on
     * its record any more. Others may, under their own.
     */
    public static void leave(FormatContext context, String prune, Collection<String> sessions) throws IOException {
        JsonObject json = SealedDocument.start(COMPLETION, VERSION).put("sessions", new ArrayList<>(sessions));
        put(context, completionRecord(prune), json);
    }

    /** Returns the sessions that a record waits for; empty if its prune has put no completion record. */
    public static Optional<SortedSet<String>> waitsFor(FormatContext context, String prune) throws IOException {
        try {
            JsonObject word =
                    new Envelope(context.keys()).open(context.storage(), completionRecord(prune), COMPLETION, VERSION);
            return Optional.of(new TreeSet<>(word.strings("sessions")));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the names that may be deleted now: an earlier prune has recorded them and has completed, the sessions
     * that it waits for have ended, and those that are open now have seen its record.
     *
     * @param records of other prunes
     * @param open sessions without an outcome
     */
    public static SortedSet<String> ready(
            FormatContext context,
            Collection<String> names,
            Map<String, SortedSet<String>> records,
            Collection<String> open)
            throws IOException {
        SortedSet<String> ready = new TreeSet<>();
        for (Map.Entry<String, SortedSet<String>> record : records.entrySet()) {
            Optional<SortedSet<String>> waits = waitsFor(context, record.getKey());
            if (waits.isPresent() && waits.get().stream().noneMatch(open::contains)) {
                ready.addAll(record.getValue());
            }
        }
        ready.retainAll(names);
        return ready;
    }

    /**
     * Returns the records that cannot be read. While there is one, no backup or prune can run, since the objects it
     * names are unknown.
     */
    public static Map<ObjectKey, DamagedException> unreadable(FormatContext context) throws IOException {
        StorageTarget storage = context.storage();
        Envelope envelope = new Envelope(context.keys());
        Map<ObjectKey, DamagedException> unreadable = new TreeMap<>();
        for (String prefix : List.of(RepositoryLayout.DELETIONS, RepositoryLayout.COMPLETIONS)) {
            String kind = prefix.equals(RepositoryLayout.DELETIONS) ? KIND : COMPLETION;
            List<ObjectKey> keys = new ArrayList<>();
            storage.list(prefix, object -> keys.add(object.key()));
            for (ObjectKey key : keys) {
                try {
                    JsonObject json = envelope.open(storage, key, kind, VERSION);
                    if (kind.equals(KIND)) {
                        names(json, json.has(PACKS) ? PACKS : ARCHIVES, key);
                    }
                } catch (FileNotFoundException | UnsupportedVersionException e) {
                    // Gone since it was listed; or written by a newer release, which is not damage.
                    continue;
                } catch (DamagedException e) {
                    unreadable.put(key, e);
                }
            }
        }
        return unreadable;
    }

    /** Returns whether an object is a completion record. */
    public static boolean isCompletionRecord(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.COMPLETIONS);
    }

    private static SortedSet<String> names(JsonObject record, String what, ObjectKey key) throws IOException {
        SortedSet<String> names = new TreeSet<>(record.strings(what));
        for (String name : names) {
            if (!name.matches("[0-9a-f]{32}")) {
                throw new DamagedException(key + " is damaged: it names '" + name + "'");
            }
        }
        return names;
    }

    private static void put(FormatContext context, ObjectKey key, JsonObject json) throws IOException {
        byte[] bytes = new Envelope(context.keys()).close(key, json);
        context.storage().put(key, Content.of(bytes), PutCondition.IF_ABSENT);
    }

    private static ObjectKey completionRecord(String prune) {
        return RepositoryLayout.completion(prune);
    }

    /** Returns all records, by the name of their prune. */
    public static SortedMap<String, SortedSet<String>> records(FormatContext context, String what) throws IOException {
        StorageTarget storage = context.storage();
        Envelope envelope = new Envelope(context.keys());
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(RepositoryLayout.DELETIONS, object -> keys.add(object.key()));
        SortedMap<String, SortedSet<String>> records = new TreeMap<>();
        for (ObjectKey key : keys) {
            try {
                JsonObject record = envelope.open(storage, key, KIND, VERSION);
                if (record.has(what)) {
                    records.put(key.lastSegment(), names(record, what, key));
                }
            } catch (FileNotFoundException e) {
                // Dropped since it was listed: by its own prune, which will not act on it any more, or because the
                // objects it named are gone.
                continue;
            }
        }
        return records;
    }

    /** Returns the names that no new snapshot may refer to. */
    public static SortedSet<String> all(FormatContext context, String what) throws IOException {
        SortedSet<String> names = new TreeSet<>();
        for (Map.Entry<String, SortedSet<String>> record :
                records(context, what).entrySet()) {
            names.addAll(record.getValue());
        }
        return names;
    }

    private static ObjectKey key(String prune) {
        return RepositoryLayout.deletion(prune);
    }
}
