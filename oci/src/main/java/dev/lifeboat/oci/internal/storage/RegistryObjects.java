package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Objects in one repository of a registry: what {@code RegistryStorage} says. Thread-safe. */
public final class RegistryObjects implements StorageTarget {
    private static final Logger log = LoggerFactory.getLogger(RegistryObjects.class);
    private static final int LOCKS = 64;

    private final RegistryClient client;
    private final String repository;
    private final WriterLease lease;
    /** By hash of the key: two threads do not create one object at once. */
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();

    private volatile boolean closed;

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
        if (closed) {
            throw new IOException(operation + ": " + location() + " is closed");
        }
        try {
            return request.send();
        } catch (RegistryException e) {
            throw new RegistryException(e.kind(), operation + " in " + location() + ": " + e.getMessage(), e);
        } catch (IOException e) {
            if (e instanceof PreconditionFailedException || Io.isInterruption(e)) {
                throw e;
            }
            throw new IOException(operation + " in " + location() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        try (Spool spool = Spool.of(content);
                WriterLease.Use use = lease.use()) {
            return explained("store " + key, () -> {
                // Also for objects that may be replaced: two writers could remove each other's.
                use.hold();
                client.upload(repository, spool.digest(), spool.body());
                ReentrantLock lock = locks.get(Math.floorMod(key.hashCode(), LOCKS));
                Io.lock(lock);
                try {
                    // The upload may have taken longer than a claim lasts.
                    Claim claim = use.hold();
                    Optional<Manifest> old = replaced(key, spool, condition);
                    AtomicReference<ObjectInfo> named = new AtomicReference<>();
                    // An interrupt is too late from here on: it would be unknown whether the object has its name.
                    UninterruptibleCleanup.run(() -> named.set(name(key, spool, old, claim)));
                    return Objects.requireNonNull(named.get());
                } finally {
                    lock.unlock();
                }
            });
        }
    }

    /** What the object replaces. */
    private Optional<Manifest> replaced(ObjectKey key, Spool spool, PutCondition condition) throws IOException {
        Optional<Manifest> old = client.findManifest(repository, KeyTag.of(key));
        boolean there = old.isPresent() && !ObjectManifest.isStub(old.get());
        if (there && condition == PutCondition.IF_ABSENT) {
            throw new PreconditionFailedException(key, location());
        }
        if (there) {
            checkReplaced(old.get(), spool);
        }
        return old;
    }

    /** Makes an object of a blob. */
    private ObjectInfo name(ObjectKey key, Spool spool, Optional<Manifest> old, Claim claim) throws IOException {
        // Those of puts that have failed, if deletion is not enabled.
        Set<String> earlier = old.isEmpty() ? Set.of() : Set.copyOf(client.tags(repository));
        ObjectInfo info = new ObjectInfo(key, spool.length(), Instant.now().truncatedTo(ChronoUnit.MILLIS));
        Manifest manifest = new ObjectManifest(info, spool.digest()).toManifest();
        boolean named = false;
        try {
            if (KeyTag.infoOf(info).isPresent()) {
                client.putManifest(repository, KeyTag.infoOf(info).get(), manifest);
            }
            putName(key, manifest);
            named = lease.isUnbroken(claim);
        } finally {
            if (!named) {
                undo(key, manifest, old, earlier);
            }
        }
        if (!named) {
            throw new RegistryException(
                    RegistryException.Kind.UNREACHABLE,
                    "this process has lost the right to write: the registry or the process was silent for long, or the"
                            + " storage was closed; nothing was stored");
        }
        old.filter(before -> !before.digest().equals(manifest.digest())).ifPresent(this::drop);
        return info;
    }

    /** A registry that has a blob keeps the bytes it has, even if they are damaged. */
    private void checkReplaced(Manifest old, Spool spool) throws IOException {
        boolean same =
                ObjectManifest.isObject(old) && ObjectManifest.of(old).digest().equals(spool.digest());
        if (same) {
            try (InputStream in = new VerifiedBlob(
                    client.blob(repository, spool.digest(), spool.length()),
                    spool.digest(),
                    found -> new RegistryException(
                            RegistryException.Kind.DAMAGED,
                            "the registry has a damaged blob, " + spool.digest()
                                    + ", and keeps it: delete the object, let the registry collect garbage, and store"
                                    + " the object again"))) {
                Io.drain(in);
            }
        }
    }

    private void putName(ObjectKey key, Manifest manifest) throws IOException {
        try {
            client.putManifest(repository, KeyTag.of(key), manifest);
        } catch (IOException e) {
            // The response may be what was lost.
            if (!isNamed(key, manifest)) {
                throw e;
            }
        }
    }

    /** Takes an object back, as far as that is possible. What another process has stored in its place stays. */
    private void undo(ObjectKey key, Manifest manifest, Optional<Manifest> old, Set<String> earlier) {
        try {
            Optional<Manifest> right = stored(key, manifest, earlier).or(() -> old);
            if (right.isPresent() && isNamed(key, manifest)) {
                client.putManifest(repository, KeyTag.of(key), right.get());
            }
            try {
                client.deleteManifest(repository, manifest.digest());
            } catch (RegistryException e) {
                // Deletion is not enabled.
                if (isNamed(key, manifest)) {
                    client.putManifest(repository, KeyTag.of(key), ObjectManifest.stub());
                }
                throw e;
            }
        } catch (IOException e) {
            log.warn("what a failed put has stored is not removed [key={}, store={}]", key, location(), e);
        }
    }

    private boolean isNamed(ObjectKey key, Manifest manifest) throws IOException {
        return client.findDigest(repository, KeyTag.of(key)).equals(Optional.of(manifest.digest()));
    }

    /**
     * What another process has stored meanwhile: it has the other tag of the key.
     *
     * @param earlier tags that were there before; empty if the put replaces nothing: a list for each put costs much
     */
    private Optional<Manifest> stored(ObjectKey key, Manifest but, Set<String> earlier) throws IOException {
        for (String tag : client.tags(repository)) {
            if (KeyTag.isInfoOf(key, tag) && !earlier.contains(tag)) {
                Optional<Manifest> other = client.findManifest(repository, tag);
                if (other.isPresent() && !other.get().digest().equals(but.digest())) {
                    return other;
                }
            }
        }
        return Optional.empty();
    }

    private void drop(Manifest replaced) {
        try {
            client.deleteManifest(repository, replaced.digest());
        } catch (IOException e) {
            // A listing tells which one counts.
            log.debug("the manifest of a replaced object stays [digest={}]", replaced.digest(), e);
        }
    }

    private Optional<ObjectManifest> manifest(ObjectKey key) throws IOException {
        Optional<Manifest> manifest = client.findManifest(repository, KeyTag.of(key));
        if (manifest.isEmpty() || ObjectManifest.isStub(manifest.get())) {
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
        InputStream blob = client.blob(repository, object.get().digest(), size, from, end);
        return new BulkInputStream() {
            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                return explained("read " + key, () -> blob.read(b, off, len));
            }

            @Override
            public void close() throws IOException {
                blob.close();
            }
        };
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
        Optional<Manifest> manifest = explained("list " + tag, () -> client.findManifest(repository, tag));
        if (manifest.isEmpty() || !ObjectManifest.isObject(manifest.get())) {
            return Optional.empty();
        }
        ObjectInfo found = explained("list " + tag, () -> ObjectManifest.of(manifest.get()))
                .info();
        return KeyTag.of(found.key()).equals(tag) ? Optional.of(found) : Optional.empty();
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        List<ObjectKey> missing = new ArrayList<>();
        for (ObjectKey key : keys) {
            explained("delete " + key, () -> {
                Optional<String> digest = client.findDigest(repository, KeyTag.of(key));
                if (digest.isEmpty() || !client.deleteManifest(repository, digest.get())) {
                    missing.add(key);
                }
                return key;
            });
        }
        if (!missing.isEmpty()) {
            explained("delete " + missing.get(0), () -> {
                removeTags(missing);
                return missing;
            });
        }
    }

    /**
     * Removes tags without a manifest. docker-registry removes a manifest first, and then its tags; if it was stopped
     * in between, they are listed for ever.
     */
    private void removeTags(Collection<ObjectKey> keys) throws IOException {
        List<String> tags = client.tags(repository);
        Set<String> names = new HashSet<>(tags);
        for (ObjectKey key : keys) {
            if (names.contains(KeyTag.of(key))) {
                Manifest stub = ObjectManifest.stub();
                client.upload(repository, ObjectManifest.EMPTY_DIGEST, Body.of(ObjectManifest.EMPTY));
                client.putManifest(repository, KeyTag.of(key), stub);
                for (String tag : tags) {
                    if (KeyTag.isInfoOf(key, tag)) {
                        client.putManifest(repository, tag, stub);
                    }
                }
                client.deleteManifest(repository, stub.digest());
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        lease.close();
    }
}
