package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.document.SnapshotDocuments;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Deletions in a layer. Overlayfs represents them (kernel docs, filesystems/overlayfs) as a character device 0/0 for a
 * deleted name, and an attribute for a directory that hides the lower layers. OCI represents them (image-spec 1.0,
 * layer.md, "Whiteouts") as {@code .wh.<name>} and {@code .wh..wh..opq}. Snapshots contain the OCI form.
 */
public final class Whiteouts {
    public static final ByteString OPAQUE_NAME = ByteString.utf8(".wh..wh..opq");
    private static final byte[] PREFIX = ".wh.".getBytes(StandardCharsets.US_ASCII);
    private static final ByteString OPAQUE_ATTRIBUTE = ByteString.utf8("trusted.overlay.opaque");
    private static final ByteString YES = ByteString.utf8("y");
    private static final String OVERLAY = "trusted.overlay.";
    /** What overlayfs notes for itself and what means nothing once the layer is copied (kernel docs, overlayfs). */
    private static final Set<String> MEANINGLESS = Set.of("origin", "impure", "nlink", "uuid");

    private Whiteouts() {}

    public static boolean isOverlayWhiteout(Entry entry) {
        return entry.type() == EntryType.CHARACTER_DEVICE
                && entry.device().orElseThrow().equals(new DeviceNumber(0, 0));
    }

    public static boolean isOpaque(Entry entry) {
        return entry.type() == EntryType.DIRECTORY
                && Optional.ofNullable(entry.attributes().xattrs().get(OPAQUE_ATTRIBUTE))
                        .equals(Optional.of(YES));
    }

    /**
     * Returns an attribute by which overlayfs says that the entry is not what it looks like, such as a directory that
     * was renamed ({@code redirect}) or a file whose content is in a lower layer ({@code metacopy}).
     */
    public static Optional<String> foreignAttribute(Entry entry) {
        for (Map.Entry<ByteString, ByteString> xattr :
                entry.attributes().xattrs().entrySet()) {
            String name = xattr.getKey().toString();
            boolean own = name.startsWith(OVERLAY) || name.startsWith("user.overlay.");
            boolean known = MEANINGLESS.contains(name.replaceFirst("^(trusted|user)\\.overlay\\.", ""))
                    || xattr.getKey().equals(OPAQUE_ATTRIBUTE)
                            && xattr.getValue().equals(YES);
            if (own && !known) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    /** Returns an entry without the attributes that overlayfs uses internally; they have no meaning elsewhere. */
    public static Entry withoutOverlayAttributes(Entry entry) {
        Map<ByteString, ByteString> kept = new TreeMap<>(entry.attributes().xattrs());
        boolean any = kept.keySet().removeIf(name -> name.toString().startsWith(OVERLAY));
        return any ? entry.withAttributes(entry.attributes().withXattrs(kept)) : entry;
    }

    public static Entry withOpaqueAttribute(Entry directory) {
        Map<ByteString, ByteString> more = new TreeMap<>(directory.attributes().xattrs());
        more.put(OPAQUE_ATTRIBUTE, YES);
        return directory.withAttributes(directory.attributes().withXattrs(more));
    }

    /** Returns the OCI whiteout of a deleted path. */
    public static EntryPath whiteoutOf(EntryPath deleted) {
        byte[] name = deleted.name().toByteArray();
        byte[] whiteout = Arrays.copyOf(PREFIX, PREFIX.length + name.length);
        System.arraycopy(name, 0, whiteout, PREFIX.length, name.length);
        return deleted.parent().resolve(ByteString.of(whiteout));
    }

    public static Entry entry(EntryPath whiteout) {
        return Entry.file(whiteout, 0, SnapshotDocuments.attributes(0));
    }

    /**
     * Returns the path that an OCI whiteout deletes; empty if the path is not a whiteout, or marks a directory as
     * opaque.
     */
    public static Optional<EntryPath> deletedBy(EntryPath path) {
        if (path.isRoot() || path.name().equals(OPAQUE_NAME)) {
            return Optional.empty();
        }
        byte[] name = path.name().toByteArray();
        boolean whiteout =
                name.length > PREFIX.length && Arrays.equals(name, 0, PREFIX.length, PREFIX, 0, PREFIX.length);
        return whiteout
                ? Optional.of(
                        path.parent().resolve(ByteString.of(Arrays.copyOfRange(name, PREFIX.length, name.length))))
                : Optional.empty();
    }

    public static Entry overlayWhiteout(EntryPath deleted) {
        return Entry.device(
                deleted, EntryType.CHARACTER_DEVICE, new DeviceNumber(0, 0), SnapshotDocuments.attributes(0));
    }
}
