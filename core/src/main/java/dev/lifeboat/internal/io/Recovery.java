package dev.lifeboat.internal.io;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;

/** What is found damaged is read once more, if the store has put a good copy in its place. */
public final class Recovery {
    private Recovery() {}

    /** Reads an object and makes something of it. */
    @FunctionalInterface
    public interface Reading<T> {
        /**
         * Does so.
         *
         * @throws DamagedException if it is not what was written
         */
        T run() throws IOException;
    }

    /** Gives what was read, the first time or the second. */
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
