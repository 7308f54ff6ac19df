package dev.lifeboat.internal.prune;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
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

/** Records of what a prune is about to remove; docs/FORMAT.md, section 6. What is in one, no new snapshot refers to as long as it stands. */
public final class Condemned {
    private static final String PREFIX = "condemned/";
    private static final String KIND = "condemned";
    private static final String WAITING = "waiting";
    private static final int VERSION = 1;

    private Condemned() {}

    /**
     * Puts a record.
     *
     * @param what is named: {@code archives} or {@code packs}
     */
    public static void put(FormatContext context, String prune, String what, Collection<String> names)
            throws IOException {
        JsonObject json = SealedDocument.start(KIND, VERSION).put(what, new ArrayList<>(names));
        put(context, key(prune), json);
    }

    /** Removes a record, by who has put it. */
    public static void drop(StorageTarget storage, String prune) throws IOException {
        storage.delete(List.of(key(prune)));
    }

    /** Removes records of which all that they name is gone. */
    public static void dropAll(StorageTarget storage, Collection<String> prunes) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        // The record first: a last word without one means nothing.
        prunes.forEach(prune -> keys.add(key(prune)));
        prunes.forEach(prune -> keys.add(lastWord(prune)));
        storage.delete(keys);
    }

    /**
     * Leaves a record standing, and says which sessions it waits for. The last word of a prune: it will not act on its record any more, and others
     * may, under their own.
     */
    public static void leave(FormatContext context, String prune, Collection<String> sessions) throws IOException {
        JsonObject json = SealedDocument.start(WAITING, VERSION).put("sessions", new ArrayList<>(sessions));
        put(context, lastWord(prune), json);
    }

    /** The sessions that a record waits for; empty if its prune has not ended by its own word. */
    public static Optional<SortedSet<String>> waitsFor(FormatContext context, String prune) throws IOException {
        try {
            JsonObject word = new Envelope(context.keys()).open(context.storage(), lastWord(prune), WAITING, VERSION);
            return Optional.of(new TreeSet<>(word.strings("sessions")));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /**
     * Of some names, those that an earlier prune has condemned, left, and waited for: its sessions have ended, and those that are open now, which are newer,
     * have seen its record.
     *
     * @param records of others
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

    /** Records and last words that cannot be read. Nobody can write or prune beside such a record, since what it names is not known. */
    public static Map<ObjectKey, DamagedException> unreadable(FormatContext context) throws IOException {
        StorageTarget storage = context.storage();
        Envelope envelope = new Envelope(context.keys());
        Map<ObjectKey, DamagedException> unreadable = new TreeMap<>();
        for (String kind : List.of(KIND, WAITING)) {
            List<ObjectKey> keys = new ArrayList<>();
            storage.list(kind + "/", object -> keys.add(object.key()));
            for (ObjectKey key : keys) {
                try {
                    JsonObject json = envelope.open(storage, key, kind, VERSION);
                    if (kind.equals(KIND)) {
                        names(json, json.has("packs") ? "packs" : "archives", key);
                    }
                } catch (FileNotFoundException | UnsupportedVersionException e) {
                    // Gone since it was listed; or of a newer release, and then no damage.
                    continue;
                } catch (DamagedException e) {
                    unreadable.put(key, e);
                }
            }
        }
        return unreadable;
    }

    /** Whether an object is the last word of a prune. */
    public static boolean isLastWord(ObjectKey key) {
        return key.value().startsWith(WAITING + "/");
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

    private static ObjectKey lastWord(String prune) {
        return new ObjectKey("waiting/" + prune);
    }

    /** All records, by the name of their prune. */
    public static SortedMap<String, SortedSet<String>> records(FormatContext context, String what) throws IOException {
        StorageTarget storage = context.storage();
        Envelope envelope = new Envelope(context.keys());
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(PREFIX, object -> keys.add(object.key()));
        SortedMap<String, SortedSet<String>> records = new TreeMap<>();
        for (ObjectKey key : keys) {
            try {
                JsonObject record = envelope.open(storage, key, KIND, VERSION);
                if (record.has(what)) {
                    records.put(key.lastSegment(), names(record, what, key));
                }
            } catch (FileNotFoundException e) {
                // It was dropped meanwhile: by its own prune, which will not act on it any more, or since what it named
                // is gone.
                continue;
            }
        }
        return records;
    }

    /** What no new snapshot may refer to. */
    public static SortedSet<String> all(FormatContext context, String what) throws IOException {
        SortedSet<String> names = new TreeSet<>();
        for (Map.Entry<String, SortedSet<String>> record :
                records(context, what).entrySet()) {
            names.addAll(record.getValue());
        }
        return names;
    }

    private static ObjectKey key(String prune) {
        return new ObjectKey(PREFIX + prune);
    }
}
