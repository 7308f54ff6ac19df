package dev.lifeboat.oci;

import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.storage.RegistryObjects;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stores objects in a repository of a registry, such as Harbor or ECR: OCI distribution-spec 1.1. Each object is a
 * manifest with one layer, and has a tag, so no garbage collection of the registry takes it. {@link Registry#storage}
 * returns it.
 *
 * <p><b>One process writes at a time</b>, since a registry has no request that creates a tag only if it is absent. A
 * process that stores an object claims the repository first, which takes some two seconds, and gives it back once it
 * has stored nothing for half a minute, or with {@link #close}. A process that finds another one at work fails with a
 * {@link dev.lifeboat.oci.registry.RegistryException}. The claim of a process that was killed is void at once on the
 * same machine, and after a minute elsewhere. Any number of processes may read. What the claim assumes:
 * docs/registries.md.
 *
 * <p>Deleting has to be enabled in the registry for a prune; the registry frees the space with its next garbage
 * collection. What is put is kept in memory, or in a temporary file if it is larger than 8 MiB, until it is sent.
 *
 * <p>It connects with the first call. Thread-safe.
 */
public final class RegistryStorage implements StorageTarget {
    private final RegistryClient.Settings settings;
    private final String repository;
    private @Nullable RegistryObjects objects;
    private boolean closed;

    RegistryStorage(RegistryClient.Settings settings, String repository) {
        this.settings = settings;
        this.repository = repository;
    }

    private synchronized RegistryObjects objects() throws IOException {
        if (closed) {
            throw new IOException(location() + " is closed");
        }
        if (objects == null) {
            objects = new RegistryObjects(RegistryClient.forPush(settings), repository);
        }
        return objects;
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        return objects().put(key, content, condition);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        return objects().open(key, range);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return objects().find(key);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        objects().list(prefix, visitor);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        objects().delete(keys);
    }

    @Override
    public String location() {
        return "oci://" + settings.address().name() + "/" + repository;
    }

    @Override
    public String toString() {
        return location();
    }

    @Override
    public void close() {
        RegistryObjects open;
        synchronized (this) {
            closed = true;
            open = objects;
            objects = null;
        }
        if (open != null) {
            open.close();
        }
    }
}
