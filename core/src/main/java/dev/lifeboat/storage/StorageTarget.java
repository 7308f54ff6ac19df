package dev.lifeboat.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Stores immutable objects under keys.
 *
 * <p>Every implementation guarantees, and {@code StorageTargetContract} checks:
 *
 * <ul>
 *   <li>atomicity: no reader or listing ever sees part of an object; a put that throws leaves the old state;
 *   <li>exclusiveness: of many puts {@link PutCondition#IF_ABSENT} of one key, from any clients, exactly one succeeds;
 *   <li>read-after-write: after put returns, open, find and list see the object, from any client;
 *   <li>durability: after put returns, the object survives loss of power;
 *   <li>thread safety: every method may be called by many threads at once;
 *   <li>interruption: a call whose thread is interrupted throws {@link java.io.InterruptedIOException} promptly, after
 *       it undoes a put that had begun;
 *   <li>retries: the implementation itself retries what it knows to be transient; the engine does not.
 * </ul>
 *
 * <p>It does not encrypt, compress, cache, lock, keep versions or order listings.
 *
 * <p>Messages of exceptions name the key, {@link #location()}, the cause and the way out.
 */
public interface StorageTarget extends AutoCloseable {
    /**
     * Stores content of any length. The implementation opens the content and closes the stream it opened.
     *
     * @throws PreconditionFailedException if the condition does not hold; nothing was stored
     * @throws IOException if reading the content fails (the same exception is thrown on) or the store fails; nothing
     *     was stored
     */
    ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException;

    /**
     * Opens a range of an object. The caller closes the stream. A range that starts past the end gives an empty stream.
     * A range that ends past the end is cut at the end.
     *
     * @throws FileNotFoundException if there is no such object
     */
    InputStream open(ObjectKey key, ByteRange range) throws IOException;

    /** Looks an object up. Returns empty if there is none. */
    Optional<ObjectInfo> find(ObjectKey key) throws IOException;

    /**
     * Visits each object whose key starts with the prefix once, in no particular order, on the calling thread. The
     * prefix is empty, or consists of whole segments, each followed by its slash: {@code snapshots/}. An object that is
     * put or deleted during the call may or may not be visited.
     *
     * @throws IllegalArgumentException if the prefix is neither empty nor ends with a slash
     */
    void list(String prefix, Visitor visitor) throws IOException;

    /**
     * Removes objects. Keys without an object are ignored. Not atomic: after a failure any of them may be gone.
     *
     * @throws LockedException if the store has to keep some of them for longer; the others are gone
     */
    void delete(Collection<ObjectKey> keys) throws IOException;

    /**
     * Restores an object in place from a good copy, if the store has one elsewhere. The engine calls it when it finds
     * an object damaged or missing, and reads the object once more if the result is true. A store that keeps one copy
     * of each object returns false.
     *
     * @return whether there is now something else to read than before
     */
    default boolean recover(ObjectKey key) throws IOException {
        return false;
    }

    /**
     * Extends the lock of objects as if they were put now, in a store that locks new objects for some time. Other
     * stores do nothing. Keys without an object are ignored.
     */
    default void keep(Collection<ObjectKey> keys) throws IOException {}

    /**
     * Returns where the objects are, for messages and logs, such as {@code s3://bucket/prefix}. It contains no secret.
     */
    String location();

    /**
     * Returns the directories of this machine in which the store keeps objects, whether they exist yet or not. A backup
     * of a directory around them leaves them out, and a restore into one leaves them as they are. Empty if the objects
     * are elsewhere.
     */
    default List<Path> directories() {
        return List.of();
    }

    /** Frees connections and threads. Streams that are still open fail. Repeated calls have no effect. */
    @Override
    default void close() throws IOException {}

    /** Receives the objects of a listing. An exception it throws ends the listing and is thrown from it. */
    @FunctionalInterface
    interface Visitor {
        /** Receives the next object. */
        void visit(ObjectInfo object) throws IOException;
    }
}
