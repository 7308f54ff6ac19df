package dev.lifeboat.internal.audit;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Collection;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/** The entries of the audit trail in the stores of a repository. Thread-safe. */
public final class AuditStore {
    private static final int RADIX = 16;

    private final StorageTarget storage;
    private final Envelope envelope;

    /** Uses the stores of an encrypted repository. */
    public AuditStore(StorageTarget storage, Envelope envelope) {
        this.storage = storage;
        this.envelope = envelope;
    }

    /** Returns the numbers of all objects in the place of entries. */
    public NavigableSet<Long> numbers() throws IOException {
        NavigableSet<Long> numbers = new TreeSet<>();
        storage.list(RepositoryLayout.AUDIT, object -> {
            String text = object.key().lastSegment();
            if (text.matches("[0-7][0-9a-f]{15}")) {
                long number = Long.parseLong(text, RADIX);
                if (object.key().equals(RepositoryLayout.auditEntry(number))) {
                    numbers.add(number);
                }
            }
        });
        return numbers;
    }

    /** Returns the newest entry that can be read; objects behind it are none of ours. */
    public Optional<AuditRecord> newest(NavigableSet<Long> numbers) throws IOException {
        for (long number : numbers.descendingSet()) {
            Optional<AuditRecord> entry = read(number);
            if (entry.isPresent() && entry.get().fields().number() == number) {
                return entry;
            }
        }
        return Optional.empty();
    }

    /** Reads an entry; empty if it is damaged or was removed. */
    public Optional<AuditRecord> read(long number) throws IOException {
        ObjectKey key = RepositoryLayout.auditEntry(number);
        try {
            return Optional.of(AuditRecord.of(
                    envelope.open(storage, key, AuditRecord.KIND, AuditRecord.VERSION),
                    key + " in " + storage.location()));
        } catch (DamagedException | UnsupportedVersionException | FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Returns whether there is an object in the place of an entry. */
    boolean has(long number) throws IOException {
        return storage.find(RepositoryLayout.auditEntry(number)).isPresent();
    }

    /** Puts an entry; returns false if there is an object in its place. */
    boolean put(AuditRecord entry) throws IOException {
        ObjectKey key = RepositoryLayout.auditEntry(entry.fields().number());
        try {
            storage.put(key, Content.of(envelope.close(key, entry.toDocument())), PutCondition.IF_ABSENT);
            return true;
        } catch (PreconditionFailedException e) {
            return false;
        }
    }

    /** Removes entries. */
    public void remove(Collection<Long> numbers) throws IOException {
        storage.delete(numbers.stream().map(RepositoryLayout::auditEntry).toList());
    }
}
