package dev.lifeboat.internal.repair;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Where damaged objects go: under a key that nothing reads, as they are, for people to look at; docs/FORMAT.md, section 13. */
public final class Apart {
    /** Begins the keys of what was set apart; their own keys follow. */
    public static final String PREFIX = "apart/";

    private Apart() {}

    /** Where an object goes. */
    public static ObjectKey key(ObjectKey object) {
        return new ObjectKey(PREFIX + object);
    }

    /** Copies an object there; false if there is none. What was set apart from the same place before stays, and the object is then only kept once. */
    public static boolean copy(StorageTarget storage, ObjectKey object) throws IOException {
        Optional<ObjectInfo> there = storage.find(object);
        if (there.isEmpty()) {
            return false;
        }
        try {
            storage.put(key(object), new Stored(storage, there.get()), PutCondition.IF_ABSENT);
        } catch (PreconditionFailedException e) {
            // By a repair that was stopped after that.
            return true;
        } catch (FileNotFoundException e) {
            return false;
        }
        return true;
    }

    /** Moves objects there; returns those that were there to be moved. */
    public static List<ObjectKey> move(StorageTarget storage, List<ObjectKey> objects) throws IOException {
        List<ObjectKey> moved = new ArrayList<>();
        for (ObjectKey object : objects) {
            if (copy(storage, object)) {
                moved.add(object);
            }
        }
        storage.delete(moved);
        return moved;
    }

    private record Stored(StorageTarget storage, ObjectInfo object) implements Content {
        @Override
        public OptionalLong length() {
            return OptionalLong.of(object.length());
        }

        @Override
        public InputStream open() throws IOException {
            return storage.open(object.key(), ByteRange.all());
        }

        @Override
        public boolean repeatable() {
            return true;
        }
    }
}
