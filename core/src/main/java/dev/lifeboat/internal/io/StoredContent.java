package dev.lifeboat.internal.io;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/** The content of a stored object, to put it elsewhere. */
public record StoredContent(StorageTarget storage, ObjectInfo object) implements Content {
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
