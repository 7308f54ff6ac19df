package dev.lifeboat.entry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The slash-separated path of an entry inside a snapshot. A path is relative and has no empty, {@code .} or {@code ..}
 * segment and no NUL; otherwise it may hold any bytes and have any length. The {@linkplain #root() root} is the only
 * path without segments.
 *
 * <p>The natural order is the canonical order of entries: depth first, and the children of a directory by the unsigned
 * byte order of their names. A directory comes before everything in it.
 */
public final class EntryPath implements Comparable<EntryPath> {
    private static final EntryPath ROOT = new EntryPath(new byte[0]);

    private final byte[] bytes;

    private EntryPath(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns the root: the source itself, such as the directory of a volume. */
    public static EntryPath root() {
        return ROOT;
    }

    /**
     * Returns the path with the UTF-8 encoding of a text. The text is taken literally: a backslash is a backslash.
     *
     * @throws IllegalArgumentException if it is empty, absolute or has a forbidden segment
     */
    public static EntryPath of(String value) {
        return checked(value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns the path with a copy of the bytes.
     *
     * @throws IllegalArgumentException if it is empty, absolute or has a forbidden segment
     */
    public static EntryPath of(byte[] value) {
        return checked(value.clone());
    }

    /**
     * Parses the result of {@link #toString}.
     *
     * @throws IllegalArgumentException if it is not a valid path
     */
    public static EntryPath parse(String escaped) {
        return escaped.equals(".") ? ROOT : checked(ByteString.parse(escaped).toByteArray());
    }

    private static EntryPath checked(byte[] bytes) {
        int start = 0;
        for (int i = 0; i <= bytes.length; i++) {
            if (i < bytes.length && bytes[i] != '/') {
                if (bytes[i] == 0) {
                    throw refused(bytes, "contains NUL");
                }
                continue;
            }
            int length = i - start;
            if (length == 0) {
                throw refused(bytes, "is absolute or has an empty segment");
            }
            if (bytes[start] == '.' && (length == 1 || length == 2 && bytes[start + 1] == '.')) {
                throw refused(bytes, "has a '.' or '..' segment");
            }
            start = i + 1;
        }
        return new EntryPath(bytes);
    }

    private static IllegalArgumentException refused(byte[] bytes, String why) {
        return new IllegalArgumentException("entry path '" + ByteString.escape(bytes) + "' " + why);
    }

    /** Returns whether this is the root. */
    public boolean isRoot() {
        return bytes.length == 0;
    }

    /** Returns a copy of the bytes; an empty array for the root. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** Returns the last segment; empty for the root. */
    public ByteString name() {
        return ByteString.of(Arrays.copyOfRange(bytes, lastSlash() + 1, bytes.length));
    }

    /**
     * Returns the path without its last segment.
     *
     * @throws IllegalStateException if this is the root
     */
    public EntryPath parent() {
        if (isRoot()) {
            throw new IllegalStateException("the root has no parent");
        }
        int slash = lastSlash();
        return slash < 0 ? ROOT : new EntryPath(Arrays.copyOf(bytes, slash));
    }

    /** Returns the segments from the top down; an empty list for the root. */
    public List<ByteString> segments() {
        List<ByteString> segments = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= bytes.length && bytes.length > 0; i++) {
            if (i == bytes.length || bytes[i] == '/') {
                segments.add(ByteString.of(Arrays.copyOfRange(bytes, start, i)));
                start = i + 1;
            }
        }
        return segments;
    }

    /** Resolves {@code child} against this path. */
    public EntryPath resolve(EntryPath child) {
        return child.isRoot() ? this : isRoot() ? child : join(child.bytes);
    }

    /**
     * Returns the path of a child.
     *
     * @throws IllegalArgumentException if the name is not a single segment
     */
    public EntryPath resolve(ByteString name) {
        EntryPath child = checked(name.toByteArray());
        if (child.lastSlash() >= 0) {
            throw refused(child.bytes, "is not a single name");
        }
        return resolve(child);
    }

    /**
     * Resolves {@code child} against this path.
     *
     * @throws IllegalArgumentException if the text is not a valid path
     */
    public EntryPath resolve(String child) {
        return resolve(of(child));
    }

    private EntryPath join(byte[] child) {
        byte[] joined = Arrays.copyOf(bytes, bytes.length + 1 + child.length);
        joined[bytes.length] = '/';
        System.arraycopy(child, 0, joined, bytes.length + 1, child.length);
        return new EntryPath(joined);
    }

    /** Returns whether this path equals {@code ancestor} or is below it. */
    public boolean startsWith(EntryPath ancestor) {
        int length = ancestor.bytes.length;
        return length == 0
                || bytes.length >= length
                        && Arrays.equals(bytes, 0, length, ancestor.bytes, 0, length)
                        && (bytes.length == length || bytes[length] == '/');
    }

    /**
     * Returns this path relative to an ancestor; the root if they are equal.
     *
     * @throws IllegalArgumentException if this path is not below the ancestor
     */
    public EntryPath relativeTo(EntryPath ancestor) {
        if (!startsWith(ancestor)) {
            throw new IllegalArgumentException("'" + this + "' is not below '" + ancestor + "'");
        }
        int length = ancestor.bytes.length;
        return length == 0
                ? this
                : bytes.length == length ? ROOT : new EntryPath(Arrays.copyOfRange(bytes, length + 1, bytes.length));
    }

    private int lastSlash() {
        int i = bytes.length - 1;
        while (i >= 0 && bytes[i] != '/') {
            i--;
        }
        return i;
    }

    @Override
    public int compareTo(EntryPath other) {
        int at = Arrays.mismatch(bytes, other.bytes);
        if (at < 0) {
            return 0;
        }
        if (at >= bytes.length || at >= other.bytes.length) {
            return Integer.compare(bytes.length, other.bytes.length);
        }
        // A slash ends a name, so it sorts before every byte of a longer name.
        int a = bytes[at] == '/' ? 0 : bytes[at] & 0xff;
        int b = other.bytes[at] == '/' ? 0 : other.bytes[at] & 0xff;
        return Integer.compare(a, b);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EntryPath that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Returns the path, escaped as {@link ByteString#toString} does; {@code .} for the root. */
    @Override
    public String toString() {
        return isRoot() ? "." : ByteString.escape(bytes);
    }
}
