package dev.lifeboat.testkit;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Objects in memory. Strict: {@link #checkAllClosed} fails where a stream was left open, with the stack that opened
 * it. Thread-safe.
 */
public final class MemoryStorage implements StorageTarget {
    private final Map<ObjectKey, Held> objects = new ConcurrentHashMap<>();
    private final Map<Object, Throwable> open = new ConcurrentHashMap<>();

    private record Held(ObjectInfo info, byte[] bytes) {}

    /** Gives its array away where it is full, instead of a copy. */
    private static final class ExactBytes extends ByteArrayOutputStream {
        ExactBytes(int length) {
            super(length);
        }

        @Override
        public synchronized byte[] toByteArray() {
            return count == buf.length ? buf : super.toByteArray();
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        // Growing step by step would take three times the memory of a pack, in a heap that holds the store, too.
        ByteArrayOutputStream bytes =
                new ExactBytes(Math.toIntExact(content.length().orElse(1 << 10)));
        try (InputStream in = content.open()) {
            byte[] buffer = new byte[1 << 14];
            for (int n; (n = in.read(buffer)) >= 0; ) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted while storing " + key);
                }
                bytes.write(buffer, 0, n);
            }
        }
        Held held = new Held(new ObjectInfo(key, bytes.size(), Instant.now()), bytes.toByteArray());
        if (condition == PutCondition.ALWAYS) {
            objects.put(key, held);
        } else if (objects.putIfAbsent(key, held) != null) {
            throw new PreconditionFailedException(key, location());
        }
        return held.info();
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        Held held = objects.get(key);
        if (held == null) {
            throw new FileNotFoundException("no object " + key + " in " + location());
        }
        Object ticket = new Object();
        open.put(ticket, new Throwable(key + " was opened here"));
        return new FilterInputStream(range.slice(new ByteArrayInputStream(held.bytes()))) {
            @Override
            public void close() throws IOException {
                open.remove(ticket);
                super.close();
            }
        };
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) {
        return Optional.ofNullable(objects.get(key)).map(Held::info);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("prefix is neither empty nor ends with a slash: '" + prefix + "'");
        }
        for (Held held : objects.values()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while listing");
            }
            if (held.info().key().value().startsWith(prefix)) {
                visitor.visit(held.info());
            }
        }
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        keys.forEach(objects::remove);
    }

    @Override
    public String location() {
        return "memory:";
    }

    /** Returns a copy of an object's bytes. */
    public byte[] bytes(ObjectKey key) {
        Held held = objects.get(key);
        if (held == null) {
            throw new AssertionError("no object " + key);
        }
        return held.bytes().clone();
    }

    /** Puts other bytes in the place of an object's, as damage does. */
    public void damage(ObjectKey key, byte[] bytes) {
        objects.put(key, new Held(new ObjectInfo(key, bytes.length, Instant.now()), bytes.clone()));
    }

    /** Makes an independent copy, as it would look after a crash now. */
    public MemoryStorage copy() {
        MemoryStorage copy = new MemoryStorage();
        copy.objects.putAll(objects);
        return copy;
    }

    /** Whether both hold the same objects. */
    public boolean holdsSameAs(MemoryStorage other) {
        return objects.keySet().equals(other.objects.keySet())
                && objects.entrySet().stream()
                        .allMatch(o -> Arrays.equals(o.getValue().bytes(), other.bytes(o.getKey())));
    }

    /** Fails if a stream is still open. */
    public void checkAllClosed() {
        if (!open.isEmpty()) {
            throw new AssertionError(
                    open.size() + " streams were left open",
                    open.values().iterator().next());
        }
    }
}
