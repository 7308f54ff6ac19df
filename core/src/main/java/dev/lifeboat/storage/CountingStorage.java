package dev.lifeboat.storage;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what a store is asked, which is what a bucket costs beside its bytes. Closing it closes the store. Thread-safe. */
public final class CountingStorage extends ForwardingStorageTarget {
    private final AtomicLong puts = new AtomicLong();
    private final AtomicLong gets = new AtomicLong();
    private final AtomicLong lists = new AtomicLong();
    private final AtomicLong deletes = new AtomicLong();

    private CountingStorage(StorageTarget delegate) {
        super(delegate);
    }

    /** Counts from now on. */
    public static CountingStorage of(StorageTarget store) {
        return new CountingStorage(store);
    }

    /**
     * How often a store was asked; what it took itself to answer, such as pages of a listing, parts of an object or retries, aside.
     *
     * @param puts objects stored
     * @param gets objects, or ranges of them, read or looked for
     * @param lists listings
     * @param deletes calls that removed any number of objects
     */
    public record Calls(long puts, long gets, long lists, long deletes) {}

    /** All calls so far, those that failed among them. */
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
