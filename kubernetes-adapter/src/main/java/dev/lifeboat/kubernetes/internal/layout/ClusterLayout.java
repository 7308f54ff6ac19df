package dev.lifeboat.kubernetes.internal.layout;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import java.util.List;
import java.util.Optional;

/** Where each object and volume lies in a snapshot: docs/FORMAT.md, section 7. */
public final class ClusterLayout {
    public static final EntryPath KUBERNETES = EntryPath.of("kubernetes");
    public static final EntryPath RESOURCES = KUBERNETES.resolve("resources");
    public static final EntryPath VOLUMES = EntryPath.of("volumes");
    /** What the snapshot says of itself. */
    public static final EntryPath APP = EntryPath.of("lifeboat/app.json");

    private static final String SUFFIX = ".json";

    private ClusterLayout() {}

    /**
     * The place of an object.
     *
     * @param resource key of its kind, such as {@code deployments.apps}
     * @param namespace its namespace; empty for an object of the cluster
     * @param name its name
     */
    public record ObjectName(String resource, Optional<String> namespace, String name) {
        /** Returns the path of its document. */
        public EntryPath path() {
            EntryPath kind = RESOURCES.resolve(ByteString.utf8(resource));
            EntryPath parent = namespace
                    .map(ns -> kind.resolve("namespaces").resolve(ByteString.utf8(ns)))
                    .orElseGet(() -> kind.resolve("cluster"));
            return parent.resolve(ByteString.utf8(name + SUFFIX));
        }

        @Override
        public String toString() {
            return resource + " " + namespace.map(ns -> ns + "/").orElse("") + name;
        }
    }

    /** Returns the object whose document lies at a path. */
    public static Optional<ObjectName> object(EntryPath path) {
        List<ByteString> all = path.segments();
        if (all.size() < 5
                || !all.get(0).toString().equals("kubernetes")
                || !all.get(1).toString().equals("resources")) {
            return Optional.empty();
        }
        String last = all.get(all.size() - 1).toString();
        if (!last.endsWith(SUFFIX) || last.length() == SUFFIX.length()) {
            return Optional.empty();
        }
        String name = last.substring(0, last.length() - SUFFIX.length());
        String resource = all.get(2).toString();
        return switch (all.get(3).toString()) {
            case "cluster" ->
                all.size() == 5 ? Optional.of(new ObjectName(resource, Optional.empty(), name)) : Optional.empty();
            case "namespaces" ->
                all.size() == 6
                        ? Optional.of(
                                new ObjectName(resource, Optional.of(all.get(4).toString()), name))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    /**
     * A claim of a namespace, whose volume is in a snapshot. A namespace has no dot in its name.
     *
     * @param namespace its namespace
     * @param name its name
     */
    public record Claim(String namespace, String name) implements Comparable<Claim> {
        /** Returns the directory of its volume. */
        public EntryPath directory() {
            return VOLUMES.resolve(ByteString.utf8(namespace + "." + name));
        }

        /** Returns the root of its files. */
        public EntryPath data() {
            return directory().resolve("data");
        }

        @Override
        public int compareTo(Claim other) {
            return directory().compareTo(other.directory());
        }

        @Override
        public String toString() {
            return namespace + "/" + name;
        }
    }

    /** Returns the claim whose files a path belongs to, if it is one of a namespace. */
    public static Optional<Claim> volumeData(EntryPath path) {
        List<ByteString> all = path.segments();
        if (all.size() < 3
                || !all.get(0).toString().equals("volumes")
                || !all.get(2).toString().equals("data")) {
            return Optional.empty();
        }
        String key = all.get(1).toString();
        int dot = key.indexOf('.');
        return dot < 1 || dot == key.length() - 1
                ? Optional.empty()
                : Optional.of(new Claim(key.substring(0, dot), key.substring(dot + 1)));
    }
}
