package dev.lifeboat.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The keys of a repository without encryption: names are SHA-256 of the domain and the bytes, and sealing copies. */
final class PlainKeys implements RepositoryKeys {
    private static final SealingKey COPY = new Copy();

    private final byte[] repository;

    PlainKeys(byte[] repository) {
        this.repository = repository.clone();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public byte[] repository() {
        return repository;
    }

    @Override
    public boolean isEncrypted() {
        return false;
    }

    @Override
    public boolean mayRead() {
        return true;
    }

    @Override
    public Namer namer() {
        MessageDigest digest = sha256();
        return (domain, bytes, offset, length) -> {
            digest.update((byte) domain);
            digest.update(bytes, offset, length);
            return digest.digest();
        };
    }

    @Override
    public SealingKey newKey(Right right) {
        return COPY;
    }

    @Override
    public SealingKey unwrap(Right right, byte[] wrapped) throws DamagedException {
        if (wrapped.length > 0) {
            throw new DamagedException("content is sealed, but the repository is not encrypted");
        }
        return COPY;
    }

    @Override
    public byte[] derive(String purpose, int length) {
        ByteBuffer out = ByteBuffer.allocate(length + 32);
        MessageDigest digest = sha256();
        for (int block = 0; out.position() < length; block++) {
            digest.update(repository);
            digest.update(purpose.getBytes(StandardCharsets.US_ASCII));
            digest.update((byte) block);
            out.put(digest.digest());
        }
        return java.util.Arrays.copyOf(out.array(), length);
    }

    private static final class Copy implements SealingKey {
        @Override
        public byte[] wrapped() {
            return new byte[0];
        }

        @Override
        public int overhead() {
            return 0;
        }

        @Override
        public int seal(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset) {
            System.arraycopy(in, offset, out, outOffset, length);
            return length;
        }

        @Override
        public int open(int slot, byte[] associated, byte[] in, int offset, int length, byte[] out, int outOffset) {
            System.arraycopy(in, offset, out, outOffset, length);
            return length;
        }
    }
}
