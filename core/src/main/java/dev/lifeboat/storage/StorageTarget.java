package dev.lifeboat.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;

/**
 * Keeps immutable objects under keys.
 *
 * <p>Every implementation must give, and {@code StorageTargetContract} checks:
 *
 * <ul>
 *   <li>atomicity: no reader or lister ever sees part of an object; a put that throws leaves the old state;
 *   <li>exclusiveness: of many puts {@link PutCondition#IF_ABSENT} of one key, from any clients, exactly one succeeds;
 *   <li>read-after-write: after put returns, open, find and list see the object, from any client;
 *   <li>durability: after put returns, the object survives loss of power;
 *   <li>thread safety: every method may be called by many threads at once;
 *   <li>interruption: a call whose thread is interrupted throws {@link java.io.InterruptedIOException} soon, after
 *       undoing a put that had begun;
 *   <li>retries: the implementation itself retries what it knows to be transient; the engine does not.
 * </ul>
 *
 * <p>It does not: encrypt, compress, cache, lock, keep versions, or order listings.
 *
 * <p>Messages of exceptions name the key, {@link #location()}, the cause and the way out.
 */
public interface StorageTarget extends AutoCloseable {
    /**
     * Stores content, of any length. Opens it, and closes what it opened.
     *
     * @throws PreconditionFailedException if the condition does not hold; nothing was stored
     * @throws IOException what reading the content threw, the very same; or the store's own. Nothing was stored
     */
    ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException;

    /**
     * Opens bytes of an object. The caller closes the stream. A range that starts past the end gives an empty stream, one
     * that ends past it is cut.
     *
     * @throws FileNotFoundException if there is no such object
     */
    InputStream open(ObjectKey key, ByteRange range) throws IOException;

    /** Looks an object up; empty if there is none. */
    Optional<ObjectInfo> find(ObjectKey key) throws IOException;

    /**
     * Visits, in no set order and on the calling thread, each object whose key starts with the prefix, once. The prefix is empty, or
     * whole segments each with its slash: {@code snapshots/}. An object put or deleted meanwhile may be seen or not.
     *
     * @throws IllegalArgumentException if the prefix is neither empty nor ends with a slash
     */
    void list(String prefix, Visitor visitor) throws IOException;

    /**
     * Removes objects; one that is not there is passed over. Not atomic: on failure any of them may be gone.
     *
     * @throws LockedException if the store has been told to keep some of them for longer; the others are gone
     */
    void delete(Collection<ObjectKey> keys) throws IOException;

    /**
     * Puts a good copy of an object in its place, if it has one elsewhere: asked by who found it damaged or missing, who then reads once more.
     * A store that keeps one copy of each object has nothing to do, and says so.
     *
     * @return whether there is anything else to read than before
     */
    default boolean recover(ObjectKey key) throws IOException {
        return false;
    }

    /**
     * Keeps objects from being removed for as long as if they were put now, in a store that locks what is put for some time. Others have nothing to do. One that is not
     * there is passed over.
     */
    default void keep(Collection<ObjectKey> keys) throws IOException {}

    /** Where the objects are, for messages and logs, such as {@code s3://bucket/prefix}. Holds no secret. */
    String location();

    /** Frees connections and threads. Streams still open fail. Harmless when repeated. */
    @Override
    default void close() throws IOException {}

    /** Receives objects of a listing; what it throws ends the listing and is thrown from it. */
    @FunctionalInterface
    interface Visitor {
        /** Takes the next object. */
        void visit(ObjectInfo object) throws IOException;
    }
}
