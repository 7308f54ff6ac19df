package dev.lifeboat.internal.io;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;

/** Reads a damaged object again after the store has replaced it with an intact copy. */
public final class Recovery {
    private Recovery() {}

    /** Reads an object and decodes it. */
    @FunctionalInterface
    public interface Reading<T> {
        /**
         * Reads the object.
         *
         * @throws DamagedException if the object is damaged
         */
        T run() throws IOException;
    }

    /** Returns the result of the first read, or of the second one after recovery. */
    public static <T> T reading(StorageTarget storage, ObjectKey key, Reading<T> reading) throws IOException {
        try {
            return reading.run();
        } catch (DamagedException e) {
            if (!storage.recover(key)) {
                throw e;
            }
            return reading.run();
        }
    }
}
