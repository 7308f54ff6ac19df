package dev.lifeboat.internal.engine;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Collection;
import java.util.Optional;

/** Marks failures of the store, to distinguish them from those of the source or the target. */
public final class TaggedStorage extends ForwardingStorageTarget {
    public TaggedStorage(StorageTarget delegate) {
        super(delegate);
    }

    /** The store failed. */
    public static final class Failed extends IOException {
        private static final long serialVersionUID = 1;

        public Failed(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    @FunctionalInterface
    private interface Call<T> {
        T run() throws IOException;
    }

    private static <T> T guarded(Call<T> call) throws IOException {
        try {
            return call.run();
        } catch (FileNotFoundException
                | PreconditionFailedException
                | LockedException
                | InterruptedIOException
                | ClosedByInterruptException
                | Failed e) {
            // A subclass of InterruptedIOException, but a timeout, not an interruption.
            if (e instanceof SocketTimeoutException) {
                throw new Failed(e);
            }
            throw e;
        } catch (IOException e) {
            throw new Failed(e);
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        return guarded(() -> super.put(key, content, condition));
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        return new FilterInputStream(guarded(() -> super.open(key, range))) {
            @Override
            public int read() throws IOException {
                return guarded(super::read);
            }

            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                return guarded(() -> super.read(b, off, len));
            }
        };
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return guarded(() -> super.find(key));
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        guarded(() -> {
            super.list(prefix, visitor);
            return prefix;
        });
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        guarded(() -> {
            super.delete(keys);
            return keys;
        });
    }

    @Override
    public void keep(Collection<ObjectKey> keys) throws IOException {
        guarded(() -> {
            super.keep(keys);
            return keys;
        });
    }

    @Override
    public boolean recover(ObjectKey key) throws IOException {
        return guarded(() -> super.recover(key));
    }
}
