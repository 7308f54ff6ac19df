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
 * The passphrases and keys that open an encrypted repository: each wraps the same secrets in a slot of its own, so adding, changing and removing one
 * rewrites no data. Safe for use by many threads.
 *
 * <p>There are two kinds: one opens all; the other gives only what it takes to back up and to prune. A host that holds only a writing one
 * backs up, without storing again what is stored, and can open no content, not even its own.
 *
 * <p>Removing a slot keeps out who has not opened the repository with it before; whoever has may have kept the secrets.
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
     * A slot.
     *
     * @param id 32 hex digits
     * @param label what people call it
     * @param mayRead whether it opens all; otherwise it is for writing only
     */
    public record Slot(String id, String label, boolean mayRead) {}

    /**
     * Lists the slots that belong to this repository: objects that others have put there do not count. With a key that may only write, those that may
     * read cannot be told apart, and are left out.
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
     * Adds a passphrase or key that opens all.
     *
     * @throws BackupException.WrongKey if this repository was opened with one that may only write
     * @throws IllegalArgumentException if it is {@link Encryption#none}
     */
    @CanIgnoreReturnValue
    public Slot add(String label, Encryption secret) {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot add a key that opens all of " + repository.location() + ": this one may only write", null);
        }
        return add(label, bundle, secret);
    }

    /**
     * Adds a passphrase or key for writing only.
     *
     * @throws IllegalArgumentException if it is {@link Encryption#none}
     */
    @CanIgnoreReturnValue
    public Slot addWriter(String label, Encryption secret) {
        return add(label, bundle.writerOnly(), secret);
    }

    private Slot add(String label, KeyBundle secrets, Encryption encryption) {
        if (label.length() > 255) {
            throw new IllegalArgumentException("a label has more than 255 characters");
        }
        Optional<Secret> secret = encryption.secret();
        if (secret.isEmpty()) {
            throw new IllegalArgumentException("none is no key");
        }
        return Failures.query(
                repository,
                "add a key",
                () -> slot(KeySlotStore.add(repository.storage(), id, label, secrets, secret.get())));
    }

    /**
     * Removes a slot.
     *
     * @throws IllegalStateException if it is the last that opens all: nobody could read the repository ever again
     * @throws BackupException.NotFound if it is not there
     * @throws BackupException.WrongKey if this repository was opened with one that may only write
     */
    public void remove(Slot slot) {
        if (!bundle.mayRead()) {
            throw new BackupException.WrongKey(
                    "cannot remove a key of " + repository.location() + ": this one may only write", null);
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
        Failures.query(repository, "remove a key", () -> {
            KeySlotStore.remove(repository.storage(), slot.id());
            if (slots().stream().noneMatch(Slot::mayRead)) {
                // Another process has removed the other one at the same time.
                KeySlotStore.put(repository.storage(), there);
            }
            repository.settleReplicas();
            return slot;
        });
        checkOneIsLeft(slot);
    }

    private void checkOneIsLeft(Slot slot) {
        if (slots().stream().noneMatch(s -> s.mayRead() && !s.id().equals(slot.id()))) {
            throw new IllegalStateException("'" + slot.label() + "' is the last key that opens all of "
                    + repository.location() + "; add another one first");
        }
    }
}
