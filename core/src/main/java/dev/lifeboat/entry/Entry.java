package dev.lifeboat.entry;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of one entry of a snapshot, without its content.
 *
 * @param path path of the entry inside the snapshot
 * @param type type of the entry
 * @param size length of a file's content in bytes, including holes; empty for other types, and if the length is not
 *     known before reading
 * @param attributes owner, mode, time and extended attributes; for a hard link, those of its target
 * @param link target of a symbolic link (any bytes), or of a hard link (the bytes of an {@link EntryPath})
 * @param device device number of a device node
 * @param fingerprint what the source offers, beyond size and time, to detect that content has not changed, such as
 *     inode and change time; at most 256 printable ASCII characters. If empty, the content is read every time
 */
public record Entry(
        EntryPath path,
        EntryType type,
        OptionalLong size,
        Attributes attributes,
        Optional<ByteString> link,
        Optional<DeviceNumber> device,
        Optional<String> fingerprint) {
    public Entry {
        if (size.isPresent() && (type != EntryType.FILE || size.getAsLong() < 0)) {
            throw new IllegalArgumentException(
                    "size " + size.getAsLong() + " does not fit " + type + " '" + path + "'");
        }
        if (link.isPresent() != (type == EntryType.SYMLINK || type == EntryType.HARD_LINK)) {
            throw new IllegalArgumentException("link target does not fit " + type + " '" + path + "'");
        }
        if (device.isPresent() != (type == EntryType.CHARACTER_DEVICE || type == EntryType.BLOCK_DEVICE)) {
            throw new IllegalArgumentException("device number does not fit " + type + " '" + path + "'");
        }
        if (path.isRoot() && type != EntryType.DIRECTORY) {
            throw new IllegalArgumentException("the root is not a directory but a " + type);
        }
        if (type == EntryType.HARD_LINK) {
            EntryPath target = EntryPath.of(link.orElseThrow().toByteArray());
            if (target.compareTo(path) >= 0) {
                throw new IllegalArgumentException("hard link '" + path + "' to the later path '" + target + "'");
            }
        }
        if (fingerprint.isPresent() && !isFingerprint(fingerprint.get())) {
            throw new IllegalArgumentException("fingerprint of '" + path + "' has "
                    + fingerprint.get().length()
                    + " characters, or is not printable ASCII; at most 256 are allowed");
        }
    }

    /** A loop, since every entry is checked several times. */
    private static boolean isFingerprint(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) >= 0x7f) {
                return false;
            }
        }
        return text.length() <= 256;
    }

    /** Creates a file of known length, without a fingerprint. */
    public static Entry file(EntryPath path, long size, Attributes attributes) {
        return plain(path, EntryType.FILE, OptionalLong.of(size), attributes);
    }

    /** Creates a file whose length is not known before its end. */
    public static Entry fileOfUnknownSize(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.FILE, OptionalLong.empty(), attributes);
    }

    /** Creates a directory. */
    public static Entry directory(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.DIRECTORY, OptionalLong.empty(), attributes);
    }

    /** Creates a named pipe. */
    public static Entry fifo(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.FIFO, OptionalLong.empty(), attributes);
    }

    /** Creates a symbolic link. */
    public static Entry symlink(EntryPath path, ByteString target, Attributes attributes) {
        return linked(path, EntryType.SYMLINK, target, attributes);
    }

    /** Creates another name of the file at {@code target}. */
    public static Entry hardLink(EntryPath path, EntryPath target, Attributes attributes) {
        return linked(path, EntryType.HARD_LINK, ByteString.of(target.toByteArray()), attributes);
    }

    /**
     * Creates a device node.
     *
     * @throws IllegalArgumentException if the type is not a device type
     */
    public static Entry device(EntryPath path, EntryType type, DeviceNumber device, Attributes attributes) {
        return new Entry(
                path, type, OptionalLong.empty(), attributes, Optional.empty(), Optional.of(device), Optional.empty());
    }

    private static Entry plain(EntryPath path, EntryType type, OptionalLong size, Attributes attributes) {
        return new Entry(path, type, size, attributes, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static Entry linked(EntryPath path, EntryType type, ByteString target, Attributes attributes) {
        return new Entry(
                path, type, OptionalLong.empty(), attributes, Optional.of(target), Optional.empty(), Optional.empty());
    }

    /** Returns whether this is a file, the only type with content. */
    public boolean isFile() {
        return type == EntryType.FILE;
    }

    /**
     * Returns the target of this hard link.
     *
     * @throws IllegalStateException if this is not a hard link
     */
    public EntryPath hardLinkTarget() {
        if (type != EntryType.HARD_LINK) {
            throw new IllegalStateException("'" + path + "' is not a hard link but a " + type);
        }
        return EntryPath.of(link.orElseThrow().toByteArray());
    }

    /** Returns a copy with another path. */
    public Entry withPath(EntryPath newPath) {
        return new Entry(newPath, type, size, attributes, link, device, fingerprint);
    }

    /** Returns a copy with other attributes. */
    public Entry withAttributes(Attributes newAttributes) {
        return new Entry(path, type, size, newAttributes, link, device, fingerprint);
    }

    /** Returns a copy with a known size. */
    public Entry withSize(long newSize) {
        return new Entry(path, type, OptionalLong.of(newSize), attributes, link, device, fingerprint);
    }

    /** Returns a copy with a fingerprint. */
    public Entry withFingerprint(Optional<String> newFingerprint) {
        return new Entry(path, type, size, attributes, link, device, newFingerprint);
    }

    /** Returns this entry with {@code prefix} prepended to its path, and to the target of a hard link. */
    public Entry below(EntryPath prefix) {
        return type == EntryType.HARD_LINK
                ? hardLink(prefix.resolve(path), prefix.resolve(hardLinkTarget()), attributes)
                : withPath(prefix.resolve(path));
    }

    /**
     * Returns this entry with its path relative to an ancestor; the inverse of {@link #below}.
     *
     * @throws IllegalArgumentException if the path, or the target of a hard link, is not below the ancestor
     */
    public Entry relativeTo(EntryPath ancestor) {
        return type == EntryType.HARD_LINK
                ? hardLink(path.relativeTo(ancestor), hardLinkTarget().relativeTo(ancestor), attributes)
                : withPath(path.relativeTo(ancestor));
    }

    /**
     * Returns whether the content of this entry is known, without reading it, to equal the content of {@code earlier}.
     * If so, and the size of this entry is unknown, its size is that of {@code earlier}.
     */
    public boolean sameContentAs(Entry earlier) {
        return fingerprint.isPresent()
                && fingerprint.equals(earlier.fingerprint)
                && type == earlier.type
                && (size.isEmpty() || size.equals(earlier.size))
                && attributes.modified().equals(earlier.attributes.modified());
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof Entry other
                && type == other.type
                && path.equals(other.path)
                && size.equals(other.size)
                && attributes.equals(other.attributes)
                && link.equals(other.link)
                && device.equals(other.device)
                && fingerprint.equals(other.fingerprint);
    }

    @Override
    public int hashCode() {
        return Objects.hash(path, type, size, attributes, link, device, fingerprint);
    }
}
