package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stores key slots. */
public final class KeySlotStore {
    /** Trying a slot may take a second. Users with more hosts give each a key of its own instead of a slot. */
    private static final int MAX_SLOTS = 1000;

    private static final Logger log = LoggerFactory.getLogger(KeySlotStore.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private KeySlotStore() {}

    /**
     * Adds a slot.
     *
     * @param bundle what the slot gives
     * @param own what the one has who adds it
     */
    public static OpenedSlot add(
            StorageTarget storage, byte[] repository, String label, KeyBundle bundle, KeyBundle own, Secret secret)
            throws IOException {
        OpenedSlot opened = KeySlot.wrap(repository, RandomIds.next(), label, bundle, own, secret, RANDOM);
        put(storage, opened.slot());
        return opened;
    }

    public static void put(StorageTarget storage, KeySlot slot) throws IOException {
        storage.put(key(slot.id()), Content.of(slot.toBytes()), PutCondition.IF_ABSENT);
    }

    public static void remove(StorageTarget storage, String id) throws IOException {
        storage.delete(List.of(key(id)));
    }

    private static ObjectKey key(String id) {
        return RepositoryLayout.keySlot(id);
    }

    /** Lists the slots that can be read. The others are logged. */
    public static List<KeySlot> list(StorageTarget storage) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(RepositoryLayout.KEY_SLOTS, object -> {
            if (keys.size() < MAX_SLOTS) {
                keys.add(object.key());
            }
        });
        List<KeySlot> slots = new ArrayList<>();
        for (ObjectKey key : keys) {
            try {
                slots.add(Recovery.reading(storage, key, () -> read(storage, key)));
            } catch (FileNotFoundException e) {
                // Removed since it was listed.
                continue;
            } catch (DamagedException | UnsupportedVersionException e) {
                log.warn("unreadable key slot ignored [key={}, cause={}]", key, e.getMessage());
            }
        }
        return slots;
    }

    private static KeySlot read(StorageTarget storage, ObjectKey key) throws IOException {
        try (InputStream in = storage.open(key, ByteRange.all())) {
            KeySlot slot = KeySlot.parse(in.readNBytes(SealedDocument.MAX_BYTES), key + " in " + storage.location());
            if (!key.lastSegment().equals(slot.id())) {
                throw new DamagedException(key + " in " + storage.location() + " is key slot " + slot.id());
            }
            return slot;
        }
    }

    /** Returns the slot that a secret opens; empty if it opens none. */
    public static Optional<OpenedSlot> open(StorageTarget storage, byte[] repository, Secret secret)
            throws IOException {
        for (KeySlot slot : list(storage)) {
            Optional<OpenedSlot> opened = slot.open(repository, secret);
            if (opened.isPresent()) {
                return opened;
            }
        }
        return Optional.empty();
    }
}
