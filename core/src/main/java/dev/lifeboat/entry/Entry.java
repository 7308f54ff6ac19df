package dev.lifeboat.entry;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Metadata of one entry of a snapshot; never its content.
 *
 * @param path where it is
 * @param type what it is
 * @param size length of a file's content in bytes, holes included; empty if unknown before reading, and for all that is
 *     no file
 * @param attributes owner, mode, time, extended attributes; those of a hard link are its target's
 * @param link the target of a symbolic link, any bytes, or of a hard link, the bytes of an {@link EntryPath}
 * @param device the device behind a device node
 * @param fingerprint what the source offers, beyond size and time, to tell that content has not changed, such as inode
 *     and change time; at most 256 characters of printable ASCII. Empty means: read it every time
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
            throw new IllegalArgumentException("the root is no directory but a " + type);
        }
        if (type == EntryType.HARD_LINK) {
            EntryPath target = EntryPath.of(link.orElseThrow().toByteArray());
            if (target.compareTo(path) >= 0) {
                throw new IllegalArgumentException("hard link '" + path + "' to the later '" + target + "'");
            }
        }
        fingerprint.ifPresent(f -> {
            if (f.length() > 256 || !f.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
                throw new IllegalArgumentException("fingerprint of '" + path + "' has " + f.length()
                        + " characters, or others than printable ASCII");
            }
        });
    }

    /** A file of known length, without fingerprint. */
    public static Entry file(EntryPath path, long size, Attributes attributes) {
        return plain(path, EntryType.FILE, OptionalLong.of(size), attributes);
    }

    /** A file whose length is not known before its end. */
    public static Entry fileOfUnknownSize(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.FILE, OptionalLong.empty(), attributes);
    }

    /** A directory. */
    public static Entry directory(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.DIRECTORY, OptionalLong.empty(), attributes);
    }

    /** A named pipe. */
    public static Entry fifo(EntryPath path, Attributes attributes) {
        return plain(path, EntryType.FIFO, OptionalLong.empty(), attributes);
    }

    /** A symbolic link. */
    public static Entry symlink(EntryPath path, ByteString target, Attributes attributes) {
        return linked(path, EntryType.SYMLINK, target, attributes);
    }

    /** A further name of the file at {@code target}. */
    public static Entry hardLink(EntryPath path, EntryPath target, Attributes attributes) {
        return linked(path, EntryType.HARD_LINK, ByteString.of(target.toByteArray()), attributes);
    }

    /**
     * A device node.
     *
     * @throws IllegalArgumentException if the type is not that of a device
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

    /** Whether this is a file, the only type that has content. */
    public boolean isFile() {
        return type == EntryType.FILE;
    }

    /**
     * Returns what a hard link is a further name of.
     *
     * @throws IllegalStateException if this is no hard link
     */
    public EntryPath hardLinkTarget() {
        if (type != EntryType.HARD_LINK) {
            throw new IllegalStateException("'" + path + "' is no hard link but a " + type);
        }
        return EntryPath.of(link.orElseThrow().toByteArray());
    }

    /** Returns a copy at another place. */
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

    /** Returns the same entry as seen from below {@code prefix}; the target of a hard link moves with it. */
    public Entry below(EntryPath prefix) {
        return type == EntryType.HARD_LINK
                ? hardLink(prefix.resolve(path), prefix.resolve(hardLinkTarget()), attributes)
                : withPath(prefix.resolve(path));
    }

    /**
     * Returns the same entry as seen from an ancestor; what {@link #below} undoes.
     *
     * @throws IllegalArgumentException if it, or the target of a hard link, is not below it
     */
    public Entry relativeTo(EntryPath ancestor) {
        return type == EntryType.HARD_LINK
                ? hardLink(path.relativeTo(ancestor), hardLinkTarget().relativeTo(ancestor), attributes)
                : withPath(path.relativeTo(ancestor));
    }

    /**
     * Whether the content behind this entry is known to be the content behind {@code earlier}, without reading it. Then it has that
     * one's size, too, if its own is not known.
     */
    public boolean sameContentAs(Entry earlier) {
        return fingerprint.isPresent()
                && fingerprint.equals(earlier.fingerprint)
                && type == earlier.type
                && (size.isEmpty() || size.equals(earlier.size))
                && attributes.modified().equals(earlier.attributes.modified());
    }
}
