package dev.lifeboat.internal.index;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.Naming;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Reads and writes index objects, which hold the directories of many packs. See docs/FORMAT.md, section 10. */
public final class IndexFile {
    private static final int MAGIC = 'L' << 16 | 'B' << 8 | 'I';
    private static final int VERSION = 1;
    private static final int DIGEST_BYTES = 32;
    private static final int REPOSITORY_BYTES = 16;
    /** The length at which an object is complete and the next one starts. */
    public static final int FULL_BYTES = 8 << 20;

    private static final int MAX_BYTES = 128 << 20;
    private static final SecureRandom RANDOM = new SecureRandom();

    private IndexFile() {}

    /** Stores directories in as many objects as needed. Returns their keys. */
    public static List<ObjectKey> put(FormatContext context, List<Directory> directories) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        List<byte[]> parts = new ArrayList<>();
        int length = 0;
        for (Directory directory : directories) {
            byte[] part = directory.toBytes();
            parts.add(part);
            length += part.length;
            if (length >= FULL_BYTES) {
                keys.add(putOne(context, parts));
                parts.clear();
                length = 0;
            }
        }
        if (!parts.isEmpty()) {
            keys.add(putOne(context, parts));
        }
        return keys;
    }

    private static ObjectKey putOne(FormatContext context, List<byte[]> parts) throws IOException {
        RepositoryKeys keys = context.keys();
        int length = parts.stream().mapToInt(p -> 4 + p.length).sum();
        ByteBuffer out = ByteBuffer.allocate(4 + REPOSITORY_BYTES + 4 + length + DIGEST_BYTES);
        out.putInt(MAGIC << 8 | VERSION).put(keys.repository()).putInt(parts.size());
        for (byte[] part : parts) {
            out.putInt(part.length).put(part);
        }
        out.put(new Naming(keys).index(out.array(), 0, out.position()));
        byte[] id = new byte[16];
        RANDOM.nextBytes(id);
        ObjectKey key = RepositoryLayout.index(HexFormat.of().formatHex(id));
        context.storage().put(key, Content.of(out.array()), PutCondition.IF_ABSENT);
        return key;
    }

    /**
     * Reads an index object.
     *
     * @throws java.io.FileNotFoundException if it does not exist
     * @throws DamagedException if it is damaged
     */
    public static List<Directory> read(StorageTarget storage, RepositoryKeys keys, ObjectKey key) throws IOException {
        return Recovery.reading(storage, key, () -> readOnce(storage, keys, key));
    }

    private static List<Directory> readOnce(StorageTarget storage, RepositoryKeys keys, ObjectKey key)
            throws IOException {
        String label = key + " in " + storage.location();
        byte[] bytes;
        try (InputStream in = storage.open(key, ByteRange.all())) {
            bytes = in.readNBytes(MAX_BYTES);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int magic = bytes.length < 4 ? 0 : in.getInt();
        if (magic >>> 8 != MAGIC) {
            throw new DamagedException(label + " is damaged: it does not begin with the header of an index");
        }
        if ((magic & 0xff) > VERSION) {
            throw new UnsupportedVersionException(label + " is of version " + (magic & 0xff)
                    + ", this library knows up to " + VERSION + "; use a newer release of Lifeboat");
        }
        int body = bytes.length - DIGEST_BYTES;
        if (body < 4 + REPOSITORY_BYTES + 4
                || !MessageDigest.isEqual(
                        Arrays.copyOfRange(bytes, body, bytes.length), new Naming(keys).index(bytes, 0, body))) {
            throw new DamagedException(label + " is damaged: its checksum does not match");
        }
        return directories(in.position(4 + REPOSITORY_BYTES).limit(body), label);
    }

    private static List<Directory> directories(ByteBuffer in, String label) throws IOException {
        List<Directory> directories = new ArrayList<>();
        int count = in.getInt();
        for (int i = 0; i < count; i++) {
            int length = in.remaining() < 4 ? -1 : in.getInt();
            if (length < 0 || length > in.remaining()) {
                throw new DamagedException(label + " is damaged: a directory is longer than the object");
            }
            directories.add(Directory.read(in.slice(in.position(), length)));
            in.position(in.position() + length);
        }
        return directories;
    }
}
