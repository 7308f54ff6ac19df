package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Makes sure that a replica is one of this repository; an empty store becomes one. */
final class DescriptorCheck {
    private static final ObjectKey DESCRIPTOR = new ObjectKey("lifeboat.json");
    private static final String KIND = "repository";
    private static final int VERSION = 1;

    private final StorageTarget first;

    DescriptorCheck(StorageTarget first) {
        this.first = first;
    }

    /**
     * Does so.
     *
     * @return false if there is no repository yet, for somebody is just making it
     * @throws IOException if it holds something else, or cannot be read
     */
    boolean check(StorageTarget copy) throws IOException {
        Optional<JsonObject> original = read(first);
        if (original.isEmpty()) {
            return false;
        }
        Optional<JsonObject> there = read(copy);
        if (there.isEmpty()) {
            if (!isEmpty(copy)) {
                // Another process may have begun just now.
                there = read(copy);
                if (there.isEmpty()) {
                    throw new IOException(copy.location()
                            + " cannot be a replica: it holds other things, and no descriptor; choose an empty place");
                }
            } else {
                return begin(copy);
            }
        }
        if (!there.get().string("id").equals(original.get().string("id"))) {
            throw new IOException(copy.location() + " cannot be a replica of " + first.location()
                    + ": it holds another repository; choose an empty place");
        }
        return true;
    }

    private static Optional<JsonObject> read(StorageTarget copy) throws IOException {
        try {
            return Optional.of(SealedDocument.read(copy, DESCRIPTOR, KIND, VERSION));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private static boolean isEmpty(StorageTarget copy) throws IOException {
        AtomicBoolean empty = new AtomicBoolean(true);
        copy.list("", object -> empty.set(false));
        return empty.get();
    }

    private boolean begin(StorageTarget copy) throws IOException {
        try (java.io.InputStream in = first.open(DESCRIPTOR, dev.lifeboat.storage.ByteRange.all())) {
            copy.put(DESCRIPTOR, Content.of(in.readAllBytes()), PutCondition.IF_ABSENT);
            return true;
        } catch (PreconditionFailedException e) {
            return check(copy);
        }
    }
}
