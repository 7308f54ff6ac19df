package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.format.RepositoryKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** The keys of an encrypted repository. See docs/FORMAT.md, section 8. */
public final class SealedKeys implements RepositoryKeys {
    /** How a key is wrapped: the first byte of a wrapped key. */
    private static final byte TO_READERS = 1;

    private static final byte TO_READERS_BY_WRITER = 2;
    private static final byte TO_WRITERS = 3;

    private final byte[] repository;
    private final KeyBundle bundle;
    private final SecureRandom random;
    private final SecretKeySpec naming;
    private final SecretKey writersKey;

    /** Uses the secrets of a bundle. Those of a writer give only the write right. */
    public SealedKeys(byte[] repository, KeyBundle bundle, SecureRandom random) {
        this.repository = repository.clone();
        this.bundle = bundle;
        this.random = random;
        this.naming = new SecretKeySpec(Derivation.derive(bundle.writer(), repository, "names", 32), "HmacSHA256");
        this.writersKey = aes(Derivation.derive(bundle.writer(), repository, "wrap", 32));
    }

    private static SecretKey aes(byte[] key) {
        return new SecretKeySpec(key, "AES");
    }

    private SecretKey readersKey(byte[] readerSecret) {
        return aes(Derivation.derive(readerSecret, repository, "wrap", 32));
    }

    @Override
    public byte[] repository() {
        return repository;
    }

    @Override
    public boolean isEncrypted() {
        return true;
    }

    @Override
    public boolean mayRead() {
        return bundle.mayRead();
    }

    @Override
    public Namer namer() {
        Mac mac;
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(naming);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC-SHA-256", e);
        }
        return (domain, bytes, offset, length) -> {
            mac.update((byte) domain);
            mac.update(bytes, offset, length);
            return mac.doFinal();
        };
    }

    @Override
    public SealingKey newKey(Right right) {
        byte[] key = new byte[32];
        random.nextBytes(key);
        byte way = right == Right.WRITE ? TO_WRITERS : mayRead() ? TO_READERS : TO_READERS_BY_WRITER;
        byte[] sealed = switch (way) {
            case TO_WRITERS -> Gcm.sealRandom(writersKey, random, associated(way), key);
            case TO_READERS -> Gcm.sealRandom(readersKey(bundle.reader().orElseThrow()), random, associated(way), key);
            default -> Recipient.seal(bundle.readerPublic(), associated(way), key);
        };
        byte[] wrapped = new byte[1 + sealed.length];
        wrapped[0] = way;
        System.arraycopy(sealed, 0, wrapped, 1, sealed.length);
        return new PackKey(aes(key), wrapped);
    }

    @Override
    public SealingKey unwrap(Right right, byte[] wrapped) throws IOException {
        if (wrapped.length == 0) {
            throw new DamagedException("content is not sealed, but the repository is encrypted");
        }
        byte way = wrapped[0];
        byte[] sealed = Arrays.copyOfRange(wrapped, 1, wrapped.length);
        if ((way == TO_WRITERS) != (right == Right.WRITE)) {
            throw new DamagedException("a key is not wrapped for the expected right");
        }
        if (way == TO_WRITERS) {
            return new PackKey(checked(Gcm.openRandom(writersKey, associated(way), sealed)), wrapped.clone());
        }
        if (way != TO_READERS && way != TO_READERS_BY_WRITER) {
            throw new DamagedException("unknown wrapping of the key of a pack: " + way);
        }
        byte[] reader = bundle.reader()
                .orElseThrow(() -> new NotReadableException(
                        "the key this repository was opened with may only write; open it with one that may read"));
        byte[] key = way == TO_READERS
                ? Gcm.openRandom(readersKey(reader), associated(way), sealed)
                : Recipient.open(reader, associated(way), sealed);
        return new PackKey(checked(key), wrapped.clone());
    }

    private static SecretKey checked(byte[] key) throws DamagedException {
        if (key.length != 32) {
            throw new DamagedException("the key of a pack has " + key.length + " bytes");
        }
        return aes(key);
    }

    private byte[] associated(byte way) {
        byte[] out = Arrays.copyOf(repository, repository.length + 1);
        out[repository.length] = way;
        return out;
    }

    @Override
    public byte[] derive(String purpose, int length) {
        return Derivation.derive(bundle.writer(), repository, purpose, length);
    }

    private record PackKey(SecretKey key, byte[] wrapped) implements SealingKey {
        private static byte[] nonce(int slot) {
            return ByteBuffer.allocate(Gcm.NONCE_BYTES).putInt(slot).array();
        }

        @Override
        public int overhead() {
            return Gcm.TAG_BYTES;
        }

        @Override
        public int seal(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset) {
            return Gcm.seal(key, nonce(slot), associated, in, offset, length, out, outOffset);
        }

        @Override
        public int open(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset)
                throws DamagedException {
            return Gcm.open(key, nonce(slot), associated, in, offset, length, out, outOffset);
        }
    }
}
