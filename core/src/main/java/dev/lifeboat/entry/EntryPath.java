package dev.lifeboat.entry;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Slash-separated path of an entry inside a snapshot: relative, without empty, {@code .} or {@code ..} segment, without
 * NUL; otherwise any bytes of any length. The {@linkplain #root() root} is the one path without segments.
 *
 * <p>The natural order is the canonical order of entries: depth first, the children of a directory by unsigned byte order
 * of their names. A directory comes before everything in it.
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
     * Makes a path of text, encoded as UTF-8, as it stands: a backslash is a backslash.
     *
     * @throws IllegalArgumentException if it is empty, absolute or has a forbidden segment
     */
    public static EntryPath of(String value) {
        return checked(value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Makes a path of bytes, which are copied.
     *
     * @throws IllegalArgumentException if it is empty, absolute or has a forbidden segment
     */
    public static EntryPath of(byte[] value) {
        return checked(value.clone());
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if it is no path
     */
    public static EntryPath parse(String escaped) {
        return escaped.equals(".") ? ROOT : checked(ByteString.parse(escaped).toByteArray());
    }

    private static EntryPath checked(byte[] bytes) {
        int start = 0;
        for (int i = 0; i <= bytes.length; i++) {
            if (i < bytes.length && bytes[i] != '/') {
                if (bytes[i] == 0) {
                    throw refused(bytes, "holds NUL");
                }
                continue;
            }
            int length = i - start;
            if (length == 0) {
                throw refused(bytes, "is absolute or has an empty segment");
            }
            if (bytes[start] == '.' && (length == 1 || length == 2 && bytes[start + 1] == '.')) {
                throw refused(bytes, "has a segment '.' or '..'");
            }
            start = i + 1;
        }
        return new EntryPath(bytes);
    }

    private static IllegalArgumentException refused(byte[] bytes, String why) {
        return new IllegalArgumentException("entry path '" + ByteString.escape(bytes) + "' " + why);
    }

    /** Whether this is the root. */
    public boolean isRoot() {
        return bytes.length == 0;
    }

    /** Returns a copy of the bytes; none for the root. */
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

    /** Returns the segments from the top down; none for the root. */
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

    /** Returns {@code child} below this path. */
    public EntryPath resolve(EntryPath child) {
        return child.isRoot() ? this : isRoot() ? child : join(child.bytes);
    }

    /**
     * Returns the path of a child.
     *
     * @throws IllegalArgumentException if the name is no single segment
     */
    public EntryPath resolve(ByteString name) {
        EntryPath child = checked(name.toByteArray());
        if (child.lastSlash() >= 0) {
            throw refused(child.bytes, "is no single name");
        }
        return resolve(child);
    }

    /**
     * Returns {@code child} below this path.
     *
     * @throws IllegalArgumentException if the text is no path
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

    /** Whether this is {@code ancestor} or below it. */
    public boolean startsWith(EntryPath ancestor) {
        int length = ancestor.bytes.length;
        return length == 0
                || bytes.length >= length
                        && Arrays.equals(bytes, 0, length, ancestor.bytes, 0, length)
                        && (bytes.length == length || bytes[length] == '/');
    }

    /**
     * Returns this path as seen from an ancestor: the root if they are equal.
     *
     * @throws IllegalArgumentException if it is not below it
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

    /** Returns the path with bytes that are not UTF-8 escaped, as {@link ByteString#toString} does; {@code .} for the root. */
    @Override
    public String toString() {
        return isRoot() ? "." : ByteString.escape(bytes);
    }
}
