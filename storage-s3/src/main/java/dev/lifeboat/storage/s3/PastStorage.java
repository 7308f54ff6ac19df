package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A read-only view of a bucket at an earlier time. The versions of that time are listed once. Thread-safe. */
final class PastStorage extends ForwardingStorageTarget {
    private final S3Storage storage;
    private final Instant time;
    private @Nullable Map<ObjectKey, Versions.Version> versions;

    PastStorage(S3Storage storage, Instant time) {
        super(storage);
        this.storage = storage;
        this.time = time;
    }

    private synchronized Map<ObjectKey, Versions.Version> versions() throws IOException {
        Map<ObjectKey, Versions.Version> known = versions;
        if (known == null) {
            known = storage.asOf(time);
            versions = known;
        }
        return known;
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        Versions.Version version = versions().get(key);
        if (version == null) {
            throw new FileNotFoundException("there was no object " + key + " in " + location());
        }
        return storage.open(key, range, version.id());
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return Optional.ofNullable(versions().get(key)).map(Versions.Version::info);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("prefix is neither empty nor ends with a slash: " + prefix);
        }
        for (Versions.Version version : versions().values()) {
            if (version.info().key().value().startsWith(prefix)) {
                visitor.visit(version.info());
            }
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        throw readOnly("store " + key);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        throw readOnly("remove objects");
    }

    private IOException readOnly(String what) {
        return new IOException("cannot " + what + " in " + location()
                + ": the past is there to be read; copy from it to another place");
    }

    @Override
    public String location() {
        return storage.location() + " as of " + time;
    }
}
