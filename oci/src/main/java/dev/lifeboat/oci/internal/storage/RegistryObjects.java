package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.registry.RegistryException;
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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/** Objects in one repository of a registry: what {@code RegistryStorage} says. Thread-safe. */
public final class RegistryObjects implements StorageTarget {
    private static final int LOCKS = 64;

    private final RegistryClient client;
    private final String repository;
    private final WriterLease lease;
    /** By hash of the key: two threads do not create one object at once. */
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();

    /** Creates a store. It connects with the first request. */
    public RegistryObjects(RegistryClient client, String repository) {
        this(client, repository, LeaseTiming.USUAL);
    }

    RegistryObjects(RegistryClient client, String repository, LeaseTiming timing) {
        this.client = client;
        this.repository = repository;
        this.lease = new WriterLease(client, repository, location(), timing);
    }

    @Override
    public String location() {
        return "oci://" + client.name() + "/" + repository;
    }

    private interface Request<T> {
        T send() throws IOException;
    }

    /** Names operation and place in a failure. */
    private <T> T explained(String operation, Request<T> request) throws IOException {
        try {
            return request.send();
        } catch (RegistryException e) {
            throw new RegistryException(e.kind(), operation + " in " + location() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        try (Spool spool = Spool.of(content)) {
            return explained("store " + key, () -> {
                // Also for objects that may be replaced: two writers could remove each other's.
                WriterLease.Claim claim = lease.hold();
                client.upload(repository, spool.digest(), spool.body());
                ReentrantLock lock = locks.get(Math.floorMod(key.hashCode(), LOCKS));
                lockInterruptibly(lock);
                try {
                    return name(key, spool, condition, claim);
                } finally {
                    lock.unlock();
                }
            });
        }
    }

    private static void lockInterruptibly(ReentrantLock lock) throws IOException {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    /** Makes an object of a blob. */
    private ObjectInfo name(ObjectKey key, Spool spool, PutCondition condition, WriterLease.Claim claim)
            throws IOException {
        Optional<String> old = client.findDigest(repository, KeyTag.of(key));
        if (old.isPresent() && condition == PutCondition.IF_ABSENT) {
            throw new PreconditionFailedException(key, location());
        }
        ObjectInfo info = new ObjectInfo(key, spool.length(), Instant.now().truncatedTo(ChronoUnit.MILLIS));
        Manifest manifest = new ObjectManifest(info, spool.digest()).toManifest();
        // An interrupt is too late from here on: it would be unknown whether the object has its name.
        boolean interrupted = Thread.interrupted();
        try {
            client.putManifest(repository, KeyTag.of(key), manifest);
            if (!lease.isUnbroken(claim)) {
                client.deleteManifest(repository, manifest.digest());
                throw new RegistryException(
                        RegistryException.Kind.UNREACHABLE,
                        "the registry was silent for so long that another process has claimed it for writing; nothing"
                                + " was stored, try again");
            }
            if (KeyTag.infoOf(info).isPresent()) {
                client.putManifest(repository, KeyTag.infoOf(info).get(), manifest);
            }
            if (old.isPresent() && !old.get().equals(manifest.digest())) {
                client.deleteManifest(repository, old.get());
            }
            return info;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Optional<ObjectManifest> manifest(ObjectKey key) throws IOException {
        Optional<Manifest> manifest = client.findManifest(repository, KeyTag.of(key));
        if (manifest.isEmpty()) {
            return Optional.empty();
        }
        ObjectManifest object = ObjectManifest.of(manifest.get());
        if (!object.info().key().equals(key)) {
            throw new RegistryException(
                    RegistryException.Kind.DAMAGED,
                    "the registry has object " + object.info().key() + " under the tag of " + key);
        }
        return Optional.of(object);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        Optional<ObjectManifest> object = explained("read " + key, () -> manifest(key));
        if (object.isEmpty()) {
            throw new FileNotFoundException("object " + key + " is not in " + location());
        }
        long size = object.get().info().length();
        long from = range.offset();
        if (from >= size) {
            return InputStream.nullInputStream();
        }
        long end = range.length() == ByteRange.TO_END || range.length() > size - from ? size : from + range.length();
        return client.blob(repository, object.get().digest(), size, from, end);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return explained("look up " + key, () -> manifest(key)).map(ObjectManifest::info);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("prefix '" + prefix + "' does not end with a slash");
        }
        List<String> tags = explained("list " + prefix, () -> client.tags(repository));
        Map<ObjectKey, ObjectInfo> known = new HashMap<>();
        Set<ObjectKey> ambiguous = new HashSet<>();
        for (String tag : tags) {
            Optional<ObjectInfo> info = KeyTag.findInfo(tag);
            if (info.isPresent() && known.put(info.get().key(), info.get()) != null) {
                // It was being replaced when the writer was killed.
                ambiguous.add(info.get().key());
            }
        }
        known.keySet().removeAll(ambiguous);
        for (String tag : tags) {
            if (KeyTag.isObject(tag)) {
                Optional<ObjectInfo> info = listed(tag, known);
                if (info.isPresent() && info.get().key().value().startsWith(prefix)) {
                    visitor.visit(info.get());
                }
            }
        }
    }

    private Optional<ObjectInfo> listed(String tag, Map<ObjectKey, ObjectInfo> known) throws IOException {
        Optional<ObjectInfo> info = KeyTag.findKey(tag).map(known::get);
        if (info.isPresent()) {
            return info;
        }
        // Removed since, if it is not there.
        Optional<Manifest> manifest = explained("list", () -> client.findManifest(repository, tag));
        if (manifest.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                explained("list", () -> ObjectManifest.of(manifest.get())).info());
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        for (ObjectKey key : keys) {
            explained("delete " + key, () -> {
                Optional<String> digest = client.findDigest(repository, KeyTag.of(key));
                if (digest.isPresent()) {
                    client.deleteManifest(repository, digest.get());
                }
                return key;
            });
        }
    }

    @Override
    public void close() {
        lease.close();
    }
}
