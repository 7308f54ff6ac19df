package dev.lifeboat.storage;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the calls to a store: what a bucket charges for besides its bytes. Closing it closes the store. Thread-safe.
 */
public final class CountingStorage extends ForwardingStorageTarget {
    private final AtomicLong puts = new AtomicLong();
    private final AtomicLong gets = new AtomicLong();
    private final AtomicLong lists = new AtomicLong();
    private final AtomicLong deletes = new AtomicLong();

    private CountingStorage(StorageTarget delegate) {
        super(delegate);
    }

    /** Returns a store that counts the calls made through it from now on. */
    public static CountingStorage of(StorageTarget store) {
        return new CountingStorage(store);
    }

    /**
     * The number of calls to a store. What the store itself needs to answer a call, such as pages of a listing, parts
     * of an object or retries, is not counted.
     *
     * @param puts objects stored
     * @param gets objects, or ranges of them, read or looked up
     * @param lists listings
     * @param deletes calls that removed any number of objects
     */
    public record Calls(long puts, long gets, long lists, long deletes) {}

    /** Returns all calls so far, including those that failed. */
    public Calls calls() {
        return new Calls(puts.get(), gets.get(), lists.get(), deletes.get());
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        puts.incrementAndGet();
        return super.put(key, content, condition);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        gets.incrementAndGet();
        return super.open(key, range);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        gets.incrementAndGet();
        return super.find(key);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        lists.incrementAndGet();
        super.list(prefix, visitor);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        deletes.incrementAndGet();
        super.delete(keys);
    }
}
