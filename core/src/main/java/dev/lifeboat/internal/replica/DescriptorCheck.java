package dev.lifeboat.internal.replica;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Checks that a replica belongs to this repository. An empty store becomes a replica. */
final class DescriptorCheck {
    private static final String KIND = "repository";
    private static final int VERSION = 1;
    /** The place of the repository id in a pack: docs/FORMAT.md, section 9. */
    private static final ByteRange REPOSITORY_IN_PACK = ByteRange.of(4, 16);

    private final StorageTarget first;

    DescriptorCheck(StorageTarget first) {
        this.first = first;
    }

    /**
     * Checks a replica, and puts the descriptor into an empty one.
     *
     * @throws IOException if the store holds something else, or cannot be read
     */
    void check(StorageTarget copy) throws IOException {
        String id = id(first)
                .orElseThrow(() -> new IOException("the repository is gone from " + first.location()
                        + "; if it is lost, open its replica " + copy.location() + " instead"));
        Optional<String> there;
        try {
            there = id(copy);
            if (there.isEmpty() && (isEmpty(copy) || packsOf(copy).equals(Optional.of(id)))) {
                put(copy, PutCondition.IF_ABSENT);
            }
        } catch (DamagedException e) {
            if (!packsOf(copy).equals(Optional.of(id))) {
                throw e;
            }
            put(copy, PutCondition.ALWAYS);
        }
        there = id(copy);
        if (there.isEmpty()) {
            throw new IOException(copy.location()
                    + " cannot be a replica: it holds other things, and no descriptor; choose an empty place");
        }
        if (!there.get().equals(id)) {
            throw new IOException(copy.location() + " cannot be a replica of " + first.location()
                    + ": it holds another repository; choose an empty place");
        }
    }

    /**
     * Returns whether the descriptor of a copy belongs to this repository, whose own descriptor is damaged. Packs name
     * the repository they belong to.
     */
    boolean isOurs(StorageTarget copy) throws IOException {
        Optional<String> id = id(copy);
        return id.isPresent() && packsOf(first).equals(id);
    }

    /** Returns the repository that the packs in a store belong to; empty if there are none. */
    private static Optional<String> packsOf(StorageTarget store) throws IOException {
        List<ObjectKey> packs = new ArrayList<>();
        store.list(RepositoryLayout.PACKS, object -> {
            if (packs.isEmpty()) {
                packs.add(object.key());
            }
        });
        if (packs.isEmpty()) {
            return Optional.empty();
        }
        try (InputStream in = store.open(packs.get(0), REPOSITORY_IN_PACK)) {
            return Optional.of(HexFormat.of().formatHex(in.readAllBytes()));
        }
    }

    private static Optional<String> id(StorageTarget store) throws IOException {
        try {
            JsonObject json = SealedDocument.read(store, RepositoryLayout.DESCRIPTOR, KIND, VERSION);
            return Optional.of(json.string("id"));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private static boolean isEmpty(StorageTarget copy) throws IOException {
        List<ObjectKey> some = new ArrayList<>();
        copy.list("", object -> {
            if (some.isEmpty()) {
                some.add(object.key());
            }
        });
        return some.isEmpty();
    }

    private void put(StorageTarget copy, PutCondition condition) throws IOException {
        try (InputStream in = first.open(RepositoryLayout.DESCRIPTOR, ByteRange.all())) {
            copy.put(RepositoryLayout.DESCRIPTOR, Content.of(in.readAllBytes()), condition);
        } catch (PreconditionFailedException e) {
            // Another process has put it; the caller checks it next.
            return;
        }
    }
}
