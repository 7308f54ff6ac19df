package dev.lifeboat.storage;

import dev.lifeboat.testkit.StorageTargetContract;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A stranger's store, as small as it gets, passes the contract by adding one class. */
class StrangersStorageContractTest extends StorageTargetContract {
    @Override
    protected StorageTarget newEmptyTarget() {
        return new TinyStorage();
    }

    private static final class TinyStorage implements StorageTarget {
        private final Map<ObjectKey, byte[]> objects = new ConcurrentHashMap<>();

        @Override
        public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
            try (InputStream in = content.open()) {
                java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
                for (int b; (b = in.read()) >= 0; bytes.write(b)) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedIOException("interrupted");
                    }
                }
                byte[] all = bytes.toByteArray();
                if (condition == PutCondition.ALWAYS) {
                    objects.put(key, all);
                } else if (objects.putIfAbsent(key, all) != null) {
                    throw new PreconditionFailedException(key, location());
                }
                return new ObjectInfo(key, all.length, Instant.now());
            }
        }

        @Override
        public InputStream open(ObjectKey key, ByteRange range) throws IOException {
            byte[] all = objects.get(key);
            if (all == null) {
                throw new FileNotFoundException("no object " + key + " in " + location());
            }
            return range.slice(new ByteArrayInputStream(all));
        }

        @Override
        public Optional<ObjectInfo> find(ObjectKey key) {
            return Optional.ofNullable(objects.get(key)).map(all -> new ObjectInfo(key, all.length, Instant.now()));
        }

        @Override
        public void list(String prefix, Visitor visitor) throws IOException {
            if (!prefix.isEmpty() && !prefix.endsWith("/")) {
                throw new IllegalArgumentException("prefix " + prefix);
            }
            for (ObjectKey key : objects.keySet()) {
                if (key.value().startsWith(prefix)) {
                    visitor.visit(find(key).orElseThrow());
                }
            }
        }

        @Override
        public void delete(Collection<ObjectKey> keys) {
            objects.keySet().removeAll(keys);
        }

        @Override
        public String location() {
            return "tiny:";
        }
    }
}
