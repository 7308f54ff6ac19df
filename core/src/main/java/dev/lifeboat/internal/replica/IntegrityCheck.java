package dev.lifeboat.internal.replica;

import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;

/** Tells a good copy of an object from a damaged one. Thread-safe. */
@FunctionalInterface
public interface IntegrityCheck {
    /** Whether an object of this store is what was written under its key, as far as the keys at hand can tell. */
    boolean isIntact(StorageTarget in, ObjectKey key) throws IOException;
}
