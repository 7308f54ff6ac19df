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

    /** Returns the numbers of all entries. */
    public NavigableSet<Long> numbers() throws IOException {
        NavigableSet<Long> numbers = new TreeSet<>();
        storage.list(RepositoryLayout.AUDIT, object -> {
            String number = object.key().lastSegment();
            if (number.matches("[0-7][0-9a-f]{15}")) {
                numbers.add(Long.parseLong(number, RADIX));
            }
        });
        return numbers;
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

    /** Puts an entry; returns false if there is one with its number. */
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
