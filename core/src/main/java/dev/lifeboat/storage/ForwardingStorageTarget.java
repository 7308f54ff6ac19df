package dev.lifeboat.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Forwards every call to another store. The base of decorators that throttle, count, cache or inject faults. */
public abstract class ForwardingStorageTarget implements StorageTarget {
    private final StorageTarget delegate;

    /** Decorates a store. {@link #close} closes it. */
    protected ForwardingStorageTarget(StorageTarget delegate) {
        this.delegate = delegate;
    }

    /** Returns the decorated store. */
    protected final StorageTarget delegate() {
        return delegate;
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        return delegate.put(key, content, condition);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        return delegate.open(key, range);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return delegate.find(key);
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        delegate.list(prefix, visitor);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        delegate.delete(keys);
    }

    @Override
    public boolean recover(ObjectKey key) throws IOException {
        return delegate.recover(key);
    }

    @Override
    public void keep(Collection<ObjectKey> keys) throws IOException {
        delegate.keep(keys);
    }

    @Override
    public String location() {
        return delegate.location();
    }

    @Override
    public List<Path> directories() {
        return delegate.directories();
    }

    @Override
    public void close() throws IOException {
        delegate.close();
    }
}
