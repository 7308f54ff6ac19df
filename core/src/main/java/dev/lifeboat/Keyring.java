package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.KeySlot;
import dev.lifeboat.internal.seal.KeySlotStore;
import dev.lifeboat.internal.seal.Secret;
import java.util.List;
import java.util.Optional;

/**
 * The passphrases and keys that open an encrypted repository. Each wraps the same secrets in a slot of its own, so
 * adding, changing and removing one rewrites no data. Thread-safe.
 *
 * <p>There are two kinds. One opens everything. The other gives only what is needed to back up and to prune: a host
 * that has only a write-only key backs up, with deduplication, and cannot read any content, not even its own.
 *
 * <p>Removing a slot does not affect anyone who has already opened the repository with it: they may have kept the
 * secrets.
 */
public final class Keyring {
    private final OpenRepository repository;
    private final byte[] id;
    private final KeyBundle bundle;

    Keyring(OpenRepository repository, KeyBundle bundle) {
        this.repository = repository;
        this.id = repository.keys().repository();
        this.bundle = bundle;
    }

    /**
     * A passphrase or key.
     *
     * @param id 32 hex digits
     * @param label a name for people
     * @param mayRead whether it opens everything; otherwise it is write-only
     */
    public record Slot(String id, String label, boolean mayRead) {}

    /**
     * Lists the slots that belong to this repository. Objects that others have put there are ignored. With a write-only
     * key the slots that may read cannot be recognized and are left out.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Slot> slots() {
        return Failures.query(
                repository,
                "list the keys",
                () -> KeySlotStore.list(repository.storage()).stream()
                        .filter(slot -> slot.belongsTo(id, bundle))
                        .map(Keyring::slot)
                        .toList());
    }

    private static Slot slot(KeySlot slot) {
        return new Slot(slot.id(), slot.label(), slot.mayRead());
    }

    /**
     * Adds a passphrase or key that opens everything.
     *
     * @throws BackupException.WrongKey if this repository was opened with a write-only one
     * @throws IllegalArgumentException if the secret is {@link Encryption#none}, or the label has more than 255
     *     characters
     * @throws BackupException.StorageFailed if the store fails
     */
    @CanIgnoreReturnValue
    public Slot add(String label, Encryption secret) {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot add a key that may read to " + repository.location()
                            + ": it was opened with a key that may only write; open it with one that may read",
                    null);
        }
        return add(label, bundle, secret);
    }

    /**
     * Adds a write-only passphrase or key.
     *
     * @throws IllegalArgumentException if the secret is {@link Encryption#none}, or the label has more than 255
     *     characters
     * @throws BackupException.StorageFailed if the store fails
     */
    @CanIgnoreReturnValue
    public Slot addWriter(String label, Encryption secret) {
        return add(label, bundle.writerOnly(), secret);
    }

    private Slot add(String label, KeyBundle secrets, Encryption encryption) {
        if (label.length() > 255) {
            throw new IllegalArgumentException("label has more than 255 characters: " + label.length());
        }
        Optional<Secret> secret = encryption.secret();
        if (secret.isEmpty()) {
            throw new IllegalArgumentException("Encryption.none() is not a key; give a passphrase or a key");
        }
        return Failures.audited(
                repository,
                "AddKey",
                "add key '" + label + "'" + (secrets.mayRead() ? "" : " (write only)"),
                Slot::id,
                () -> slot(KeySlotStore.add(repository.storage(), id, label, secrets, bundle, secret.get())
                        .slot()));
    }

    /**
     * Removes a slot.
     *
     * @throws IllegalStateException if it is the last that opens everything: the repository could not be read any more
     * @throws BackupException.NotFound if there is no such slot
     * @throws BackupException.WrongKey if this repository was opened with a write-only key
     * @throws BackupException.StorageFailed if the store fails
     */
    public void remove(Slot slot) {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot remove a key from " + repository.location()
                            + ": it was opened with a key that may only write; open it with one that may read",
                    null);
        }
        Optional<KeySlot> found = Failures.query(
                repository,
                "list the keys",
                () -> KeySlotStore.list(repository.storage()).stream()
                        .filter(s -> s.id().equals(slot.id()) && s.belongsTo(id, bundle))
                        .findFirst());
        KeySlot there = found.orElseThrow(
                () -> new BackupException.NotFound("no key slot " + slot.id() + " in " + repository.location()));
        checkOneIsLeft(slot);
        String what = "remove key '" + there.label() + "' (" + slot.id() + ")";
        Failures.audited(repository, "RemoveKey", what, removed -> "", () -> {
            KeySlotStore.remove(repository.storage(), slot.id());
            if (slots().stream().noneMatch(Slot::mayRead)) {
                // Another process has removed the only other one at the same time.
                KeySlotStore.put(repository.storage(), there);
            }
            repository.settleReplicas();
            checkOneIsLeft(slot);
            return slot;
        });
    }

    private void checkOneIsLeft(Slot slot) {
        if (slots().stream().noneMatch(s -> s.mayRead() && !s.id().equals(slot.id()))) {
            throw new IllegalStateException("'" + slot.label() + "' is the last key that opens everything in "
                    + repository.location() + "; add another one first");
        }
    }
}
