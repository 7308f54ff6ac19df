package dev.lifeboat.testkit;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fails from the n-th call on, as a process that is killed there does; a put that dies may have taken effect or not.
 * Thread-safe.
 */
public final class FaultyStorage extends ForwardingStorageTarget {
    private final int failFrom;
    private final boolean putsTakeEffect;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean failedAtPut;

    /**
     * Breaks a store.
     *
     * @param failFrom the first call that fails, counted from 0
     * @param putsTakeEffect whether the put that fails first has stored its object all the same, as when the answer
     *     is lost
     */
    public FaultyStorage(StorageTarget delegate, int failFrom, boolean putsTakeEffect) {
        super(delegate);
        this.failFrom = failFrom;
        this.putsTakeEffect = putsTakeEffect;
    }

    /** Whether what failed first was a put, which may have taken effect or not. */
    public boolean failedAtPut() {
        return failedAtPut;
    }

    /** Calls made so far. */
    public int calls() {
        return calls.get();
    }

    private int count() throws IOException {
        int call = calls.getAndIncrement();
        if (call >= failFrom) {
            throw new IOException("injected failure of call " + call);
        }
        return call;
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        if (calls.get() == failFrom) {
            failedAtPut = true;
            if (putsTakeEffect) {
                super.put(key, content, condition);
            }
        }
        count();
        return super.put(key, content, condition);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        count();
        return super.open(key, range);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        count();
        return super.find(key);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        count();
        super.list(prefix, visitor);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        count();
        super.delete(keys);
    }
}
