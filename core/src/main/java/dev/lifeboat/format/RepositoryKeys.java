package dev.lifeboat.format;

import java.io.IOException;

/**
 * What a format needs of the keys of a repository, and all that it gets to see of them. Thread-safe.
 *
 * <p>There are two rights. Who may <em>write</em> can name content, knows what names are stored, and reads what backing up and pruning need:
 * manifests, and which content belongs together. Who may <em>read</em> can open content, too. A host that only writes cannot open
 * what it has written itself.
 *
 * <p>Without encryption everybody has both, names are plain SHA-256 and nothing is sealed; otherwise names are keyed.
 */
public interface RepositoryKeys {
    /** Bytes of a name. */
    int NAME_BYTES = 32;

    /** Identifies the repository: 16 bytes, no secret. The caller must not change them. */
    byte[] repository();

    /** Whether anything is sealed. */
    boolean isEncrypted();

    /** Whether content can be opened. */
    boolean mayRead();

    /** Makes a namer for one thread. */
    Namer namer();

    /** Makes a fresh key for things that those with a right may open. */
    SealingKey newKey(Right right);

    /**
     * Gives the key that was wrapped.
     *
     * @param right that it was made for
     * @throws NotReadableException if that is the right to read, and it is not there
     * @throws DamagedException if it is not what was wrapped, for that right
     */
    SealingKey unwrap(Right right, byte[] wrapped) throws IOException;

    /**
     * Derives bytes that all who may write share and nobody else knows; without encryption nothing in them is secret.
     *
     * @param purpose which bytes, ASCII
     * @param length 1 to 4,096
     */
    byte[] derive(String purpose, int length);

    /** Who may open something. */
    enum Right {
        READ,
        WRITE
    }

    /** Gives content a name of {@link #NAME_BYTES} bytes that nobody without the keys can tell from any other. Not thread-safe. */
    interface Namer {
        /** Names bytes; the same bytes in another domain have another name. */
        byte[] name(int domain, byte[] bytes, int offset, int length);
    }

    /** Seals and opens. No slot is used twice for sealing with one key. Thread-safe. */
    interface SealingKey {
        /** The key as it may be stored: at most 255 bytes. */
        byte[] wrapped();

        /** Bytes that sealing adds. */
        int overhead();

        /**
         * Seals.
         *
         * @param slot 0 to 2^32 - 1, unsigned; never the same for two different plaintexts
         * @param associated bound to it, not stored
         * @return bytes written to {@code out}: {@code length} and the overhead
         */
        int seal(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset);

        /**
         * Opens.
         *
         * @return bytes written to {@code out}, which has room for {@code length}
         * @throws DamagedException if it is not what was sealed with this key, slot and associated data
         */
        int open(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset)
                throws DamagedException;
    }

    /** The keys of a repository that is not encrypted. */
    static RepositoryKeys none(byte[] repository) {
        return new PlainKeys(repository);
    }
}
