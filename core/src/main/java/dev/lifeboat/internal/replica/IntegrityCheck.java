package dev.lifeboat.internal.replica;

import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;

/** Distinguishes intact objects from damaged ones. Thread-safe. */
@FunctionalInterface
public interface IntegrityCheck {
    /**
     * Returns whether an object of this store is what was written under its key, as far as the available keys permit.
     */
    boolean isIntact(StorageTarget in, ObjectKey key) throws IOException;
}
