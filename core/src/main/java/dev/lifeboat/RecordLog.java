package dev.lifeboat;

import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A log of small records that programs keep in a repository: what a schedule did, on which host. Entries are numbered
 * from 1 without gaps, and never change. Of several writers that append after the same entry, one succeeds, so that a
 * log also decides who of them goes on. Holders of the write right can read it. It is in the primary store only, and
 * belongs to no snapshot.
 *
 * <p>Thread-safe. Every method throws {@link BackupException.StorageFailed} if the store fails, and {@link
 * BackupException.Corrupt} if an entry is damaged; nothing is changed then.
 */
public final class RecordLog {
    private static final String KIND = "log";
    private static final int VERSION = 1;
    /** Kind of a name of {@link dev.lifeboat.format.RepositoryKeys.Namer}: docs/FORMAT.md, section 9. */
    private static final int LOG_NAME = 33;

    private static final int NAME_DIGITS = 8;
    private static final int MAX_NAME = 255;
    private static final int RADIX = 16;

    private final OpenRepository repository;
    private final Envelope envelope;
    private final String name;
    private final String hash;

    RecordLog(OpenRepository repository, String name) {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException("name of a log is not in 1..255 characters: '" + name + "'");
        }
        this.repository = repository;
        this.envelope = new Envelope(repository.keys());
        this.name = name;
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        byte[] hashed = repository.keys().namer().name(LOG_NAME, text, 0, text.length);
        this.hash = HexFormat.of().formatHex(hashed).substring(0, NAME_DIGITS);
    }

    /**
     * An entry.
     *
     * @param number from 1
     * @param fields names and values
     */
    public record Entry(long number, Map<String, String> fields) {
        public Entry {
            fields = Map.copyOf(fields);
        }

        /** Returns a value, or an empty text if there is none. */
        public String get(String field) {
            return fields.getOrDefault(field, "");
        }
    }

    /** Returns the newest entry. */
    public Optional<Entry> last() {
        return query("read", () -> {
            NavigableSet<Long> numbers = numbers();
            return numbers.isEmpty() ? Optional.empty() : Optional.of(read(numbers.last()));
        });
    }

    /**
     * Returns the newest entries, newest first.
     *
     * @param count at most so many
     */
    public List<Entry> newest(int count) {
        return query("read", () -> {
            List<Entry> entries = new ArrayList<>();
            for (long number : numbers().descendingSet()) {
                if (entries.size() >= count) {
                    break;
                }
                entries.add(read(number));
            }
            return List.copyOf(entries);
        });
    }

    /** Returns the entries behind one, oldest first. */
    public List<Entry> after(long number) {
        return query("read", () -> {
            List<Entry> entries = new ArrayList<>();
            for (long next : numbers().tailSet(number, false)) {
                entries.add(read(next));
            }
            return List.copyOf(entries);
        });
    }

    /**
     * Adds an entry after another one.
     *
     * @param after number of the entry that is the newest as far as the caller knows; 0 for none
     * @return the entry; empty if there is another one after that by now
     */
    public Optional<Entry> append(long after, Map<String, String> fields) {
        if (after < 0) {
            throw new IllegalArgumentException("number is negative: " + after);
        }
        return query("append to", () -> {
            NavigableSet<Long> numbers = numbers();
            // What is behind may have been trimmed, so that a put alone would not show it.
            if (!numbers.isEmpty() && numbers.last() != after) {
                return Optional.empty();
            }
            ObjectKey key = RepositoryLayout.logEntry(hash, after + 1);
            JsonObject document = JsonObject.create()
                    .put("lifeboat", KIND)
                    .put("version", VERSION)
                    .put("name", name)
                    .put("number", after + 1)
                    .put("fields", new TreeMap<>(fields));
            try {
                repository.primary().put(key, Content.of(envelope.close(key, document)), PutCondition.IF_ABSENT);
                return Optional.of(new Entry(after + 1, fields));
            } catch (PreconditionFailedException e) {
                return Optional.empty();
            }
        });
    }

    /**
     * Removes all but the newest entries. The numbers of the others stay.
     *
     * @param kept at least 1
     */
    public void trim(int kept) {
        if (kept < 1) {
            throw new IllegalArgumentException("the newest entry stays: " + kept);
        }
        String what = "trim log '" + name + "' to " + kept + " entries";
        Failures.audited(repository, "TrimLog", what, removed -> removed.size() + " removed", () -> {
            List<ObjectKey> old = new ArrayList<>();
            numbers().descendingSet().stream()
                    .skip(kept)
                    .forEach(number -> old.add(RepositoryLayout.logEntry(hash, number)));
            if (!old.isEmpty()) {
                repository.primary().delete(old);
            }
            return old;
        });
    }

    private NavigableSet<Long> numbers() throws IOException {
        NavigableSet<Long> numbers = new TreeSet<>();
        repository.primary().list(RepositoryLayout.logEntries(hash), object -> {
            String number = object.key().lastSegment();
            if (number.matches("[0-7][0-9a-f]{15}")) {
                numbers.add(Long.parseLong(number, RADIX));
            }
        });
        return numbers;
    }

    private Entry read(long number) throws IOException {
        ObjectKey key = RepositoryLayout.logEntry(hash, number);
        JsonObject document;
        try {
            document = envelope.open(repository.primary(), key, KIND, VERSION);
        } catch (FileNotFoundException e) {
            throw new IOException("entry " + number + " was removed while it was read; read the log again", e);
        }
        if (!document.string("name").equals(name)) {
            throw new IOException("another log, '" + document.string("name") + "', has the hash of '" + name
                    + "': choose another name");
        }
        return new Entry(number, new LinkedHashMap<>(document.stringMap("fields")));
    }

    private <T> T query(String what, Failures.Action<T> action) {
        return Failures.query(repository, what + " log '" + name + "'", action);
    }

    @Override
    public String toString() {
        return "log " + name;
    }
}
