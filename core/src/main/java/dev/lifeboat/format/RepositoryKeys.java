package dev.lifeboat.format;

import java.io.IOException;

/**
 * The keys of a repository as a format sees them. Thread-safe.
 *
 * <p>There are two rights. Holders of the <em>write</em> right can name content, find out which names are stored, and
 * read what backups and prunes need: manifests, and which content belongs together. Holders of the <em>read</em> right
 * can also open content. A host with only the write right cannot open what it has written itself.
 *
 * <p>Without encryption every user has both rights, names are plain SHA-256 and nothing is sealed. Otherwise names are
 * keyed.
 */
public interface RepositoryKeys {
    /** The length of a name, in bytes. */
    int NAME_BYTES = 32;

    /** Returns the id of the repository: 16 bytes, not secret. The caller must not change the array. */
    byte[] repository();

    /** Returns whether anything is sealed. */
    boolean isEncrypted();

    /** Returns whether content can be opened. */
    boolean mayRead();

    /** Creates a namer for one thread. */
    Namer namer();

    /** Creates a new key for content that holders of a right may open. */
    SealingKey newKey(Right right);

    /**
     * Returns the key that was wrapped.
     *
     * @param right that it was created for
     * @throws NotReadableException if that is the read right, which is not available
     * @throws DamagedException if it is not what was wrapped for that right
     */
    SealingKey unwrap(Right right, byte[] wrapped) throws IOException;

    /**
     * Derives bytes that all holders of the write right share and others do not know. Without encryption they are not
     * secret.
     *
     * @param purpose identifies the bytes, ASCII
     * @param length 1 to 4,096
     */
    byte[] derive(String purpose, int length);

    /** A right to open content. */
    enum Right {
        READ,
        WRITE
    }

    /**
     * Derives names of {@link #NAME_BYTES} bytes from content. Without the keys a name cannot be distinguished from any
     * other. Not thread-safe.
     */
    interface Namer {
        /** Returns the name of bytes. The same bytes have a different name in another domain. */
        byte[] name(int domain, byte[] bytes, int offset, int length);
    }

    /** Seals and opens. No slot is used twice for sealing with one key. Thread-safe. */
    interface SealingKey {
        /** Returns the key in wrapped form, which may be stored: at most 255 bytes. */
        byte[] wrapped();

        /** Returns the number of bytes that sealing adds. */
        int overhead();

        /**
         * Seals bytes.
         *
         * @param slot 0 to 2^32 - 1, unsigned; never the same for two different plaintexts
         * @param associated bound to the result, not stored
         * @return bytes written to {@code out}: {@code length} and the overhead
         */
        int seal(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset);

        /**
         * Opens sealed bytes.
         *
         * @return bytes written to {@code out}, which has room for {@code length}
         * @throws DamagedException if it is not what was sealed with this key, slot and associated data
         */
        int open(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset)
                throws DamagedException;
    }

    /** Returns the keys of a repository that is not encrypted. */
    static RepositoryKeys none(byte[] repository) {
        return new PlainKeys(repository);
    }
}
