package dev.lifeboat.docker.engine;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of the Docker API, such as 1.41. */
public record ApiVersion(int major, int minor) implements Comparable<ApiVersion> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4})(\\..*)?");

    /**
     * Parses a version.
     *
     * @throws IllegalArgumentException if it has another form
     */
    public static ApiVersion parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("not a version of the Docker API, expected 1.41: '" + text + "'");
        }
        return new ApiVersion(Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
    }

    /** Whether this is another version or a later one. */
    public boolean isAtLeast(ApiVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(ApiVersion other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
