package dev.lifeboat;

import dev.lifeboat.internal.audit.AuditRecord;
import dev.lifeboat.internal.audit.AuditStore;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.seal.KeyBundle;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;

/**
 * Who did what, when, with which key, in a repository that was opened with {@link RepositoryBuilder#audit}. Each
 * operation has an entry before it begins, and one when it has ended. Each entry is signed with a key that only the
 * holder of that passphrase or key has, so a holder of another one cannot forge it; and it names the digest of the
 * entry before, so that none can be changed or left out unnoticed. Entries at either end can be removed by those who
 * may delete in the store: docs/SECURITY-MODEL.md.
 *
 * <p>Entries are for holders of any key of the repository. Whose key it was can be proven only with a key that may
 * read.
 *
 * <p>Thread-safe. Every method throws {@link BackupException.StorageFailed} if the store fails.
 */
public final class AuditTrail {
    private final OpenRepository repository;
    private final AuditStore store;
    private final KeyBundle bundle;

    AuditTrail(OpenRepository repository, AuditStore store, KeyBundle bundle) {
        this.repository = repository;
        this.store = store;
        this.bundle = bundle;
    }

    /** Where an operation was when an entry was made. */
    public enum Phase {
        /** It is about to begin. */
        STARTED,
        /** It has succeeded. */
        SUCCEEDED,
        /** It has failed. What it did before may remain. */
        FAILED,
        /** It was cancelled. */
        CANCELLED,
        /** A later release has other phases. */
        UNKNOWN
    }

    /** What is known of who made an entry. */
    public enum Proof {
        /** It was signed with the key that it names, and a holder of a key that may read has added that key. */
        PROVEN,
        /**
         * It was signed with a key of the holder's choice: a holder of a write-only key has added that key; or this
         * repository was opened with a write-only key, which cannot tell.
         */
        UNPROVEN,
        /** The signature is wrong, or is one for another entry. */
        FORGED,
        /** It is damaged, or was removed. It has nothing but a number. */
        UNREADABLE
    }

    /**
     * An entry.
     *
     * @param number from 1, without gaps
     * @param time by the clock of the one who made it
     * @param actor who it was, as the program says; empty if it does not
     * @param key passphrase or key that the repository was opened with
     * @param operation such as {@code Backup}, {@code Restore}, {@code Prune}, {@code Browse}, {@code RemoveKey}
     * @param description for people, such as {@code prune /backup}
     * @param phase of the operation
     * @param run equal for all entries of one operation
     * @param outcome for people, such as the id of the snapshot that was made, or the kind of the failure; may be empty
     * @param proof of the key
     */
    public record Entry(
            long number,
            Instant time,
            String actor,
            Keyring.Slot key,
            String operation,
            String description,
            Phase phase,
            String run,
            String outcome,
            Proof proof) {}

    /**
     * Something that is wrong with the trail.
     *
     * @param number of the entry
     * @param problem for people
     */
    public record Finding(long number, String problem) {}

    /**
     * Result of a check.
     *
     * @param first number of the oldest entry; 0 if there is none. It is above 1 after {@link #trim}
     * @param last number of the newest entry; 0 if there is none
     * @param findings in the order of the entries
     */
    public record Checked(long first, long last, List<Finding> findings) {
        public Checked {
            findings = List.copyOf(findings);
        }
    }

    /**
     * Returns the newest entries, newest first.
     *
     * @param count at most so many
     */
    public List<Entry> newest(int count) {
        return query(numbers -> {
            List<Entry> entries = new ArrayList<>();
            for (long number : numbers.descendingSet()) {
                if (entries.size() >= count) {
                    break;
                }
                entries.add(entry(number, store.read(number)));
            }
            return List.copyOf(entries);
        });
    }

    /** Returns the entries behind one, oldest first. */
    public List<Entry> after(long number) {
        return query(numbers -> {
            List<Entry> entries = new ArrayList<>();
            for (long next : numbers.tailSet(number, false)) {
                entries.add(entry(next, store.read(next)));
            }
            return List.copyOf(entries);
        });
    }

    /**
     * Checks all signatures, and that no entry is missing between the oldest and the newest. Keep {@link Checked#last}
     * elsewhere, to see later whether newer entries were removed.
     *
     * @throws BackupException.WrongKey if the repository was opened with a write-only key, which cannot check them
     */
    public Checked check() {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot check the audit trail in " + repository.location()
                            + ": it was opened with a key that may only write; open it with one that may read",
                    null);
        }
        return query(this::check);
    }

    private Checked check(NavigableSet<Long> numbers) throws IOException {
        List<Finding> findings = new ArrayList<>();
        Optional<AuditRecord> before = Optional.empty();
        long expected = numbers.isEmpty() ? 0 : numbers.first();
        for (long number : numbers) {
            if (number != expected) {
                findings.add(new Finding(expected, "entries " + expected + " to " + (number - 1) + " are missing"));
                before = Optional.empty();
            }
            Optional<AuditRecord> found = store.read(number);
            switch (proof(number, found)) {
                case UNREADABLE -> findings.add(new Finding(number, "the entry is damaged"));
                case FORGED -> findings.add(new Finding(number, "the signature is wrong"));
                case UNPROVEN ->
                    findings.add(new Finding(
                            number,
                            "key '" + found.orElseThrow().fields().label() + "' was not added by one that may read"));
                case PROVEN -> {
                    String previous = found.orElseThrow().fields().previous();
                    if (before.isPresent() && !previous.equals(before.get().digest())) {
                        findings.add(new Finding(number - 1, "the entry was replaced after the next one was made"));
                    }
                }
            }
            before = found;
            expected = number + 1;
        }
        return numbers.isEmpty()
                ? new Checked(0, 0, List.of())
                : new Checked(
                        numbers.first(),
                        numbers.last(),
                        findings.stream()
                                .sorted(Comparator.comparingLong(Finding::number))
                                .toList());
    }

    /**
     * Removes all but the newest entries. Record elsewhere what has to be kept for longer.
     *
     * @param kept at least 1
     * @throws BackupException.StorageFailed also if the store keeps them for longer
     */
    public void trim(int kept) {
        if (kept < 1) {
            throw new IllegalArgumentException("the newest entry stays: " + kept);
        }
        Failures.audited(repository, "TrimAudit", "trim the audit trail to " + kept + " entries", () -> {
            List<Long> old = store.numbers().descendingSet().stream().skip(kept).toList();
            if (!old.isEmpty()) {
                store.remove(old);
            }
            return old;
        });
    }

    private Proof proof(long number, Optional<AuditRecord> found) {
        byte[] id = repository.keys().repository();
        if (found.isEmpty()) {
            return Proof.UNREADABLE;
        }
        if (!found.get().isSigned(id, number)) {
            return Proof.FORGED;
        }
        return found.get().isEndorsed(id, bundle) ? Proof.PROVEN : Proof.UNPROVEN;
    }

    private Entry entry(long number, Optional<AuditRecord> found) {
        Proof proof = proof(number, found);
        if (found.isEmpty()) {
            Keyring.Slot none = new Keyring.Slot("", "", false);
            return new Entry(number, Instant.EPOCH, "", none, "", "", Phase.UNKNOWN, "", "", proof);
        }
        AuditRecord.Fields fields = found.get().fields();
        AuditRecord.Happened happened = fields.happened();
        return new Entry(
                number,
                fields.time(),
                happened.actor(),
                new Keyring.Slot(fields.slot(), fields.label(), fields.mayRead()),
                happened.operation(),
                happened.description(),
                phase(happened.phase()),
                happened.run(),
                happened.outcome(),
                proof);
    }

    static String text(Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT);
    }

    private static Phase phase(String text) {
        for (Phase phase : Phase.values()) {
            if (text(phase).equals(text)) {
                return phase;
            }
        }
        return Phase.UNKNOWN;
    }

    private interface Query<T> {
        T run(NavigableSet<Long> numbers) throws IOException;
    }

    private <T> T query(Query<T> query) {
        return Failures.query(repository, "read the audit trail", () -> query.run(store.numbers()));
    }
}
