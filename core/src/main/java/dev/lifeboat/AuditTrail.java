package dev.lifeboat;

import dev.lifeboat.internal.audit.AuditRecord;
import dev.lifeboat.internal.audit.AuditStore;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.seal.KeyBundle;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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
     * @param signer public key of the signature, in hex; a key has one of its own
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
            String signer,
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
     * @param digest SHA-256 of the newest entry, in hex; empty if there is none
     * @param findings in the order of the entries
     */
    public record Checked(long first, long last, String digest, List<Finding> findings) {
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
     * Checks all signatures, and that no entry was replaced or is missing between the oldest and the newest. Whether
     * the newest entries were removed, or replaced by others, only {@link #check(Checked)} finds.
     *
     * @throws BackupException.WrongKey if the repository was opened with a write-only key, which cannot check them
     */
    public Checked check() {
        checkMayRead();
        return check(Optional.empty());
    }

    /**
     * Checks as {@link #check()} does, and that what follows is what followed the newest entry of an earlier check.
     * Keep its result where those who write to the repository cannot reach it, and check again before a {@link #trim}.
     *
     * @param earlier its {@link Checked#last} and {@link Checked#digest} are used
     * @throws BackupException.WrongKey if the repository was opened with a write-only key, which cannot check them
     */
    public Checked check(Checked earlier) {
        checkMayRead();
        return check(Optional.of(earlier).filter(checked -> checked.last() > 0));
    }

    private void checkMayRead() {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot check the audit trail in " + repository.location()
                            + ": it was opened with a key that may only write; open it with one that may read",
                    null);
        }
    }

    private Checked check(Optional<Checked> earlier) {
        Checked checked = query(numbers -> new Inspection().check(numbers, earlier));
        if (checked.findings().isEmpty()) {
            return checked;
        }
        // A listing may miss what is put meanwhile, and a trim may remove what was listed.
        Checked again = query(numbers -> new Inspection().check(numbers, earlier));
        long first = query(numbers -> numbers.isEmpty() ? Long.MAX_VALUE : numbers.first());
        return new Checked(
                again.first(),
                again.last(),
                again.digest(),
                again.findings().stream()
                        .filter(finding -> first <= again.first() || finding.number() >= first)
                        .toList());
    }

    /** Reads all entries in order. */
    private final class Inspection {
        private final List<Finding> findings = new ArrayList<>();
        private final Map<String, String> signers = new HashMap<>();
        private final Map<Long, AuditRecord> unproven = new TreeMap<>();
        private final Set<String> proven = new HashSet<>();
        private final Set<String> digests = new HashSet<>();
        private Optional<AuditRecord> before = Optional.empty();

        Checked check(NavigableSet<Long> numbers, Optional<Checked> earlier) throws IOException {
            long newest =
                    store.newest(numbers).map(entry -> entry.fields().number()).orElse(0L);
            long expected = numbers.isEmpty() ? 0 : numbers.first();
            for (long number : numbers.headSet(newest, true)) {
                if (number != expected) {
                    find(expected, "entries " + expected + " to " + (number - 1) + " are missing");
                    before = Optional.empty();
                }
                Optional<AuditRecord> found = store.read(number);
                inspect(number, found);
                if (earlier.isPresent() && earlier.get().last() == number) {
                    String digest = found.map(AuditRecord::digest).orElse("");
                    if (!digest.equals(earlier.get().digest())) {
                        find(number, "the entry is another one than at the earlier check");
                    }
                }
                found.ifPresent(entry -> digests.add(entry.digest()));
                before = found;
                expected = number + 1;
            }
            numbers.tailSet(newest, false).forEach(number -> find(number, "this is no entry"));
            if (earlier.isPresent() && newest >= earlier.get().last()) {
                checkBeginning(numbers.first(), earlier.get());
            }
            earlier.filter(then -> then.last() > newest)
                    .ifPresent(then -> find(newest + 1, "entries up to " + then.last() + " were removed"));
            unproven.forEach(this::findUnproven);
            findings.sort(Comparator.comparingLong(Finding::number));
            return new Checked(
                    newest == 0 ? 0 : numbers.first(),
                    newest,
                    before.map(AuditRecord::digest).orElse(""),
                    findings);
        }

        private void checkBeginning(long first, Checked earlier) throws IOException {
            boolean follows = first == earlier.last() + 1
                    && store.read(first)
                            .filter(entry -> entry.fields().previous().equals(earlier.digest()))
                            .isPresent();
            if (first > earlier.last() && !follows) {
                find(
                        first,
                        "the newest entry of the earlier check was removed, by a trim or otherwise: what was between is"
                                + " not known");
            }
        }

        private void find(long number, String problem) {
            findings.add(new Finding(number, problem));
        }

        private void inspect(long number, Optional<AuditRecord> found) {
            Proof proof = proof(number, found);
            if (proof == Proof.UNREADABLE) {
                find(number, "the entry is damaged");
                return;
            }
            AuditRecord entry = found.orElseThrow();
            if (proof == Proof.FORGED) {
                find(number, "the signature is wrong");
                return;
            }
            if (before.isPresent()
                    && !entry.fields().previous().equals(before.get().digest())) {
                find(
                        number - 1,
                        digests.contains(entry.fields().previous())
                                ? "the entry could not be read when the next one was made"
                                : "the entry was replaced after the next one was made");
            }
            if (proof == Proof.UNPROVEN) {
                unproven.put(number, entry);
                return;
            }
            proven.add(identity(entry));
            String signer = entry.fields().signer();
            String first = signers.computeIfAbsent(entry.fields().slot(), slot -> signer);
            if (!first.equals(signer)) {
                find(
                        number,
                        "key '" + entry.fields().label() + "' has signed earlier entries with another signing key: a"
                                + " holder of a key that may read has made one of the two up");
            }
        }

        private void findUnproven(long number, AuditRecord entry) {
            // An endorsement that was removed from a slot is still in the entries that were made before.
            if (!proven.contains(identity(entry))) {
                find(number, "key '" + entry.fields().label() + "' was not added by one that may read");
            }
        }

        private static String identity(AuditRecord entry) {
            AuditRecord.Fields fields = entry.fields();
            return fields.slot() + fields.signer() + fields.mayRead() + fields.label();
        }
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
        String what = "trim the audit trail to " + kept + " entries";
        Failures.audited(repository, "TrimAudit", what, removed -> removed.size() + " removed", () -> {
            NavigableSet<Long> numbers = store.numbers();
            long newest =
                    store.newest(numbers).map(entry -> entry.fields().number()).orElse(0L);
            List<Long> old = new ArrayList<>(numbers.headSet(newest, true).descendingSet().stream()
                    .skip(kept)
                    .toList());
            // Objects that are no entries.
            old.addAll(numbers.tailSet(newest, false));
            if (!old.isEmpty()) {
                store.remove(old);
                repository.settleReplicas();
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
            return new Entry(number, Instant.EPOCH, "", none, "", "", Phase.UNKNOWN, "", "", "", proof);
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
                fields.signer(),
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
