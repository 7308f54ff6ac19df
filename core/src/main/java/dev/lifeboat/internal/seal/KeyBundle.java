package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * The secrets of a repository: that of writers, and that of readers or, without the read right, the matching public
 * key. See docs/FORMAT.md, section 8. Immutable.
 */
public final class KeyBundle {
    static final int BYTES = 32;
    private static final byte FULL = 1;
    private static final byte WRITER = 2;

    private final byte[] writer;
    private final Optional<byte[]> reader;
    /** Present only without the reader's secret, from which it is derived. */
    private final Optional<byte[]> readerPublic;

    private KeyBundle(byte[] writer, Optional<byte[]> reader, Optional<byte[]> readerPublic) {
        this.writer = writer;
        this.reader = reader;
        this.readerPublic = readerPublic;
    }

    /** Generates new secrets. */
    public static KeyBundle generate(SecureRandom random) {
        byte[] writer = new byte[BYTES];
        byte[] reader = new byte[BYTES];
        random.nextBytes(writer);
        random.nextBytes(reader);
        return full(writer, reader);
    }

    private static KeyBundle full(byte[] writer, byte[] reader) {
        return new KeyBundle(writer, Optional.of(reader), Optional.empty());
    }

    /** Returns these secrets without the one needed to read. */
    public KeyBundle writerOnly() {
        return new KeyBundle(writer, Optional.empty(), Optional.of(readerPublic()));
    }

    /** Returns whether the secret needed to read is included. */
    public boolean mayRead() {
        return reader.isPresent();
    }

    byte[] writer() {
        return writer;
    }

    Optional<byte[]> reader() {
        return reader;
    }

    byte[] readerPublic() {
        return readerPublic.orElseGet(() -> Recipient.publicKey(reader.orElseThrow()));
    }

    byte[] toBytes() {
        byte[] out = new byte[1 + 2 * BYTES];
        out[0] = reader.isPresent() ? FULL : WRITER;
        System.arraycopy(writer, 0, out, 1, BYTES);
        System.arraycopy(reader.orElseGet(this::readerPublic), 0, out, 1 + BYTES, BYTES);
        return out;
    }

    static KeyBundle parse(byte[] bytes) throws DamagedException {
        if (bytes.length != 1 + 2 * BYTES || bytes[0] != FULL && bytes[0] != WRITER) {
            throw new DamagedException("the key in a key slot has an unknown form");
        }
        byte[] writer = Arrays.copyOfRange(bytes, 1, 1 + BYTES);
        byte[] second = Arrays.copyOfRange(bytes, 1 + BYTES, bytes.length);
        return bytes[0] == FULL ? full(writer, second) : new KeyBundle(writer, Optional.empty(), Optional.of(second));
    }
}
