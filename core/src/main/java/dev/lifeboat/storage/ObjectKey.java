package dev.lifeboat.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name of a stored object: 1 to 512 characters of {@code [a-z0-9._-]} in segments separated by single slashes. No
 * segment begins with a dot. The alphabet is legal and case-safe on every file system and object store.
 */
public record ObjectKey(String value) implements Comparable<ObjectKey> {
    /** The maximum length of a key, in characters. */
    public static final int MAX_LENGTH = 512;

    private static final List<String> TRANSIENT = List.of("sessions/", "deletions/", "completions/", "index/", "logs/");

    public ObjectKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("invalid object key '" + value + "'");
        }
    }

    /** Joins segments with slashes. */
    public static ObjectKey of(String first, String... more) {
        return new ObjectKey(more.length == 0 ? first : first + "/" + String.join("/", more));
    }

    /** Returns whether a text is a valid key. Stores use it to ignore foreign objects. */
    public static boolean isValid(String value) {
        if (value.isEmpty() || value.length() > MAX_LENGTH || value.charAt(value.length() - 1) == '/') {
            return false;
        }
        boolean atStart = true;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean word = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-';
            if (!word && (atStart || c != '.' && c != '/')) {
                return false;
            }
            atStart = c == '/';
        }
        return true;
    }

    /**
     * Returns whether objects under this key are short-lived or can be rebuilt from others, so that locks need not hold
     * them. See docs/FORMAT.md, section 1.
     */
    public boolean isTransient() {
        return TRANSIENT.stream().anyMatch(value::startsWith);
    }

    /** Returns the part after the last slash. */
    public String lastSegment() {
        return value.substring(value.lastIndexOf('/') + 1);
    }

    @Override
    public int compareTo(ObjectKey other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof ObjectKey other && value.equals(other.value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }
}
