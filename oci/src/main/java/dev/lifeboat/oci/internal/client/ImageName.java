package dev.lifeboat.oci.internal.client;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image in a registry: distribution-spec 1.1, "Pulling manifests".
 *
 * @param repository such as {@code shop/web}
 * @param tag such as {@code 1.2}; empty if the image is named by digest only
 * @param digest such as {@code sha256:...}; empty if the image is named by tag only
 */
public record ImageName(String repository, Optional<String> tag, Optional<String> digest) {
    private static final String PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final Pattern REPOSITORY = Pattern.compile(PART + "(?:/" + PART + ")*");
    private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");
    private static final Pattern NAME = Pattern.compile("([^:@]+)(?::([^:@/]+))?(?:@(sha256:[0-9a-f]{64}))?");
    private static final int MAX_REPOSITORY = 255;

    /**
     * Parses a name without its registry, such as {@code shop/web:1.2}. Without tag and digest it is
     * {@code latest}, as for the docker command.
     *
     * @throws IllegalArgumentException if it is not such a name
     */
    public static ImageName parse(String name) {
        Matcher parts = NAME.matcher(name);
        boolean valid = parts.matches()
                && isRepository(parts.group(1))
                && (parts.group(2) == null || TAG.matcher(parts.group(2)).matches());
        if (!valid) {
            throw new IllegalArgumentException("'" + name + "' is not the name of an image in a registry: it is like"
                    + " shop/web:1.2 or shop/web@sha256:..., in lower case and without the registry");
        }
        Optional<String> digest = Optional.ofNullable(parts.group(3));
        Optional<String> tag = Optional.ofNullable(parts.group(2));
        return new ImageName(parts.group(1), tag.isEmpty() && digest.isEmpty() ? Optional.of("latest") : tag, digest);
    }

    /** Parses a name; empty if it is not one. */
    public static Optional<ImageName> find(String name) {
        try {
            return Optional.of(parse(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether a registry can have a repository of this name. */
    public static boolean isRepository(String name) {
        return name.length() <= MAX_REPOSITORY && REPOSITORY.matcher(name).matches();
    }

    /** What identifies the manifest in its repository: the digest, or else the tag. */
    public String reference() {
        return digest.or(() -> tag).orElseThrow();
    }

    @Override
    public String toString() {
        return repository
                + tag.map(t -> ":" + t).orElse("")
                + digest.map(d -> "@" + d).orElse("");
    }
}
