package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/** The head and tail of a pack. See docs/FORMAT.md, section 9. */
public final class PackFile {
    private static final int MAGIC = 'L' << 16 | 'B' << 8 | 'P';
    private static final int VERSION = 1;
    private static final int REPOSITORY_BYTES = 16;
    private static final int DIGEST_BYTES = 32;
    static final int TAIL_BYTES = DIGEST_BYTES + 8;
    /** Large enough for the directories of nearly all packs, so that one request reads them. */
    private static final int GUESS_BYTES = 32 << 10;

    private static final int MAX_DIRECTORY_BYTES = 64 << 20;

    private PackFile() {}

    static byte[] head(RepositoryKeys keys, PackInfo pack) {
        ByteBuffer out = ByteBuffer.allocate(4 + keys.repository().length + pack.bytes() + 4);
        out.putInt(MAGIC << 8 | VERSION).put(keys.repository());
        pack.write(out);
        out.putInt(crc(out.array(), out.position()));
        return out.array();
    }

    static int headLength(PackInfo pack) {
        return 4 + REPOSITORY_BYTES + pack.bytes() + 4;
    }

    static byte[] tail(RepositoryKeys keys, Directory directory) {
        byte[] bytes = directory.toBytes();
        byte[] digest = new Naming(keys).directory(bytes, 0, bytes.length);
        ByteBuffer out = ByteBuffer.allocate(bytes.length + TAIL_BYTES);
        out.put(bytes).put(digest).putInt(bytes.length);
        out.putInt(crc(out.array(), out.position()));
        return out.array();
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /**
     * Reads the directory from the end of a pack.
     *
     * @throws java.io.FileNotFoundException if there is no such pack
     * @throws DamagedException if the end of the pack is damaged
     */
    public static Directory readDirectory(StorageTarget storage, RepositoryKeys keys, ObjectKey key, long objectLength)
            throws IOException {
        return Recovery.reading(storage, key, () -> readOnce(storage, keys, key, objectLength));
    }

    private static Directory readOnce(StorageTarget storage, RepositoryKeys keys, ObjectKey key, long objectLength)
            throws IOException {
        String label = key + " in " + storage.location();
        byte[] end = read(storage, key, Math.max(0, objectLength - GUESS_BYTES), objectLength);
        if (end.length < TAIL_BYTES) {
            throw new DamagedException(label + " is damaged: too short for a pack");
        }
        long length = ByteBuffer.wrap(end).getInt(end.length - 8) + (long) TAIL_BYTES;
        if (length < TAIL_BYTES || length > objectLength || length > MAX_DIRECTORY_BYTES) {
            throw new DamagedException(label + " is damaged: it does not end with a directory");
        }
        if (length > end.length) {
            end = read(storage, key, objectLength - length, objectLength);
        }
        if (end.length < length) {
            throw new DamagedException(label + " is damaged: it has become shorter");
        }
        byte[] tail = Arrays.copyOfRange(end, end.length - (int) length, end.length);
        int body = tail.length - TAIL_BYTES;
        if (crc(tail, tail.length - 4) != ByteBuffer.wrap(tail).getInt(tail.length - 4)) {
            throw new DamagedException(label + " is damaged: the checksum of its directory does not match");
        }
        byte[] digest = Arrays.copyOfRange(tail, body, body + DIGEST_BYTES);
        if (!java.security.MessageDigest.isEqual(digest, new Naming(keys).directory(tail, 0, body))) {
            throw new DamagedException(
                    label + " is damaged: its directory was not written with the key of this repository");
        }
        Directory directory = readNamed(ByteBuffer.wrap(tail, 0, body), key, label);
        if (directory.packLength() != objectLength) {
            throw new DamagedException(
                    label + " is damaged: it has " + objectLength + " bytes, expected " + directory.packLength());
        }
        return directory;
    }

    private static Directory readNamed(ByteBuffer in, ObjectKey key, String label) throws IOException {
        Directory directory;
        try {
            directory = Directory.read(in);
        } catch (DamagedException e) {
            throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
        }
        if (!directory.pack().key().equals(key)) {
            throw new DamagedException(label + " is damaged: its directory is that of pack " + directory.pack());
        }
        return directory;
    }

    /**
     * Checks the head of a pack.
     *
     * @return the offset at which the first chunk begins
     */
    static int checkHead(byte[] bytes, RepositoryKeys keys, PackInfo expected, String label) throws IOException {
        checkVersion(bytes, label);
        byte[] head = head(keys, expected);
        if (bytes.length < head.length || !Arrays.equals(head, 0, head.length, bytes, 0, head.length)) {
            throw new DamagedException(label + " is damaged: its head is not that of this pack");
        }
        return head.length;
    }

    /**
     * Checks that this is not a pack of a newer release.
     *
     * @throws UnsupportedVersionException if it is one
     */
    public static void checkVersion(byte[] bytes, String label) throws UnsupportedVersionException {
        int magic = bytes.length < 4 ? 0 : ByteBuffer.wrap(bytes).getInt();
        if (magic >>> 8 == MAGIC && (magic & 0xff) > VERSION) {
            throw new UnsupportedVersionException(label + " is of version " + (magic & 0xff)
                    + ", this library knows up to " + VERSION + "; use a newer release of Lifeboat");
        }
    }

    /** Reads the head of any pack; empty if it is damaged. */
    static Optional<PackInfo> readHead(ByteBuffer in) {
        int start = in.position();
        if (in.remaining() < 4 + REPOSITORY_BYTES || in.getInt() != (MAGIC << 8 | VERSION)) {
            return Optional.empty();
        }
        in.position(start + 4 + REPOSITORY_BYTES);
        try {
            PackInfo pack = PackInfo.read(in);
            byte[] head = new byte[in.position() - start];
            in.get(start, head);
            return in.remaining() >= 4 && in.getInt() == crc(head, head.length) ? Optional.of(pack) : Optional.empty();
        } catch (DamagedException e) {
            return Optional.empty();
        }
    }

    static byte[] read(StorageTarget storage, ObjectKey key, long from, long to) throws IOException {
        if (to <= from) {
            return new byte[0];
        }
        try (InputStream in = storage.open(key, ByteRange.of(from, to - from))) {
            return Io.read(in, Math.toIntExact(to - from));
        }
    }
}
