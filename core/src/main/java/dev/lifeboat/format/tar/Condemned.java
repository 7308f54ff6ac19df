package dev.lifeboat.format.tar;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Records of archives that a prune is about to remove; docs/FORMAT.md, section 6. */
final class Condemned {
    private static final String PREFIX = "condemned/";
    private static final String KIND = "condemned";
    private static final int VERSION = 1;

    private Condemned() {}

    static void put(StorageTarget storage, String prune, Collection<String> archives) throws IOException {
        JsonObject json = SealedDocument.start(KIND, VERSION).put("archives", new ArrayList<>(archives));
        storage.put(key(prune), Content.of(SealedDocument.seal(json)), PutCondition.IF_ABSENT);
    }

    static void drop(StorageTarget storage, String prune) throws IOException {
        storage.delete(List.of(key(prune)));
    }

    /** Names of all archives that no new snapshot may refer to. */
    static SortedSet<String> all(StorageTarget storage) throws IOException {
        List<ObjectKey> records = new ArrayList<>();
        storage.list(PREFIX, object -> records.add(object.key()));
        SortedSet<String> archives = new TreeSet<>();
        for (ObjectKey record : records) {
            try {
                archives.addAll(
                        SealedDocument.read(storage, record, KIND, VERSION).strings("archives"));
            } catch (FileNotFoundException e) {
                // Its prune ended meanwhile: what it named is gone, as whoever reads it now finds.
                continue;
            }
        }
        return archives;
    }

    private static ObjectKey key(String prune) {
        return new ObjectKey(PREFIX + prune);
    }
}
