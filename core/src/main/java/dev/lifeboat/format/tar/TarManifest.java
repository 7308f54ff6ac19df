package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.frame.FrameCodec;
import dev.lifeboat.internal.frame.FrameSource;
import dev.lifeboat.internal.frame.FrameTable;
import dev.lifeboat.internal.frame.FrameWriter;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The content of {@code archives/<name>.json}, which describes an archive; docs/FORMAT.md, section 5. It is written
 * last, so an archive without a manifest does not exist.
 *
 * @param needs names of all archives that contain content of this archive's entries, including this one
 */
record TarManifest(
        String name, FrameCodec.Kind compression, Part tar, Part entries, long entryCount, SortedSet<String> needs) {
    private static final Pattern OBJECT = Pattern.compile(RepositoryLayout.ARCHIVES + "([0-9a-f]{32})\\..+");
    private static final String KIND = "tar-archive";
    private static final int VERSION = 1;

    /** One of the two framed objects. */
    record Part(long length, String sha256, FrameTable frames) {
        static Part of(FrameWriter.Written written) {
            return new Part(written.length(), written.sha256(), written.table());
        }

        private JsonObject toJson() {
            return JsonObject.create()
                    .put("length", length)
                    .put("sha256", sha256)
                    .put("frames", Arrays.stream(frames.triples()).boxed().toList());
        }

        private static Part from(JsonObject json) throws DamagedException {
            return new Part(
                    json.size("length"), json.string("sha256"), FrameTable.of(json.sizes("frames"), json.toString()));
        }
    }

    static ObjectKey key(String name) {
        return RepositoryLayout.archive(name, ".json");
    }

    static ObjectKey entriesKey(String name) {
        return RepositoryLayout.archive(name, ".entries.zst");
    }

    static ObjectKey tarKey(String name, FrameCodec.Kind compression) {
        return RepositoryLayout.archive(name, ".tar" + compression.extension());
    }

    ObjectKey tarKey() {
        return tarKey(name, compression);
    }

    ObjectKey entriesKey() {
        return entriesKey(name);
    }

    FrameSource tarSource(StorageTarget storage) {
        return new FrameSource(storage, tarKey(), tar.frames(), compression);
    }

    FrameSource entriesSource(StorageTarget storage) {
        return new FrameSource(storage, entriesKey(), entries.frames(), FrameCodec.Kind.ZSTD);
    }

    ArchiveRoot root() {
        return new ArchiveRoot(TarFormat.ID, name);
    }

    void put(StorageTarget storage) throws IOException {
        JsonObject json = SealedDocument.start(KIND, VERSION)
                .put("name", name)
                .put("compression", compression.id())
                .put("tar", tar.toJson())
                .put("entries", entries.toJson())
                .put("entryCount", entryCount)
                .put("needs", new java.util.ArrayList<>(needs));
        byte[] sealed = SealedDocument.seal(json);
        if (sealed.length > SealedDocument.MAX_BYTES) {
            throw new IOException("the archive is too large for this format: its manifest has " + sealed.length
                    + " bytes, at most " + SealedDocument.MAX_BYTES);
        }
        storage.put(key(name), Content.of(sealed), PutCondition.IF_ABSENT);
    }

    /**
     * Checks one object of an archive.
     *
     * @return false if its key is not that of an archive object
     * @throws DamagedException if it is damaged
     */
    static boolean isWhole(StorageTarget storage, ObjectKey object) throws IOException {
        Matcher matcher = OBJECT.matcher(object.value());
        if (!matcher.matches()) {
            return false;
        }
        TarManifest manifest = read(storage, matcher.group(1));
        if (object.equals(key(manifest.name()))) {
            return true;
        }
        Part part = object.equals(manifest.entriesKey()) ? manifest.entries() : manifest.tar();
        MessageDigest digest = Digests.sha256();
        try (InputStream in = new DigestInputStream(storage.open(object, ByteRange.all()), digest)) {
            if (Io.drain(in) != part.length() || !Digests.hex(digest.digest()).equals(part.sha256())) {
                throw new DamagedException(object + " in " + storage.location()
                        + " is damaged: its length or digest differs from its manifest");
            }
        }
        return true;
    }

    static TarManifest read(FormatContext context, ArchiveRoot root) throws IOException {
        return read(context.storage(), name(root));
    }

    /** Returns the name of the archive that a root refers to; an invalid reference is damage. */
    static String name(ArchiveRoot root) throws DamagedException {
        if (!root.format().equals(TarFormat.ID) || !root.reference().matches("[0-9a-f]{32}")) {
            throw new DamagedException(
                    "'" + root.reference() + "' is not a name of an archive of format " + TarFormat.ID);
        }
        return root.reference();
    }

    /** Returns the manifest of an archive; empty if the archive does not exist, or no longer exists. */
    static Optional<TarManifest> find(StorageTarget storage, ArchiveRoot root) throws IOException {
        try {
            return Optional.of(read(storage, name(root)));
        } catch (DamagedException e) {
            if (storage.find(key(name(root))).isEmpty()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static TarManifest read(StorageTarget storage, String name) throws IOException {
        JsonObject json;
        json = Recovery.reading(storage, key(name), () -> {
            try {
                return SealedDocument.read(storage, key(name), KIND, VERSION);
            } catch (FileNotFoundException e) {
                throw new DamagedException("object " + key(name) + " is missing in " + storage.location(), e);
            }
        });
        if (!json.string("name").equals(name)) {
            throw new DamagedException(json + " is the manifest of archive " + json.string("name"));
        }
        SortedSet<String> needs = new TreeSet<>(json.strings("needs"));
        if (!needs.contains(name) || !needs.stream().allMatch(n -> n.matches("[0-9a-f]{32}"))) {
            throw new DamagedException(json + " lists archives that it cannot need");
        }
        return new TarManifest(
                name,
                FrameCodec.Kind.of(json.string("compression")),
                Part.from(json.object("tar")),
                Part.from(json.object("entries")),
                json.size("entryCount"),
                needs);
    }
}
