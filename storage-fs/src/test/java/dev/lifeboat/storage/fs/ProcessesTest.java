package dev.lifeboat.storage.fs;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.ProcessesContract;
import java.nio.file.Path;

/** Processes that share a directory. */
class ProcessesTest extends ProcessesContract {
    @Override
    protected Class<? extends Opener> opener() {
        return Directory.class;
    }

    @Override
    protected String newPlace(Path scratch) {
        return scratch.resolve("repository").toString();
    }

    /** Opens it in each of them. */
    public static final class Directory implements Opener {
        @Override
        public StorageTarget open(String place) {
            return FileStorage.at(Path.of(place));
        }
    }
}
