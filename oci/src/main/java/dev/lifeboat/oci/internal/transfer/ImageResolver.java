package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds out what an image in a registry consists of, by its manifests and its configuration. */
final class ImageResolver {
    /** An index may hold indexes; deeper than this none is made. */
    private static final int MAX_DEPTH = 4;

    private static final int MAX_BLOBS = 100_000;
    private static final int MAX_CONFIG_BYTES = 4 << 20;
    private static final Set<String> IMAGE_CONFIGS =
            Set.of("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json");

    private static final List<String> IMAGE_LAYERS =
            List.of("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.");

    private final RegistryClient client;
    private final Set<String> platforms;
    private final ManifestCache cache;

    /**
     * Creates a resolver.
     *
     * @param platforms such as {@code linux/amd64}; empty for all
     * @param cache receives the manifests
     */
    ImageResolver(RegistryClient client, Set<String> platforms, ManifestCache cache) {
        this.client = client;
        this.platforms = Set.copyOf(platforms);
        this.cache = cache;
    }

    /**
     * A blob or manifest of an image.
     *
     * @param repository where it is
     * @param size in bytes
     * @param manifest whether it is requested as a manifest
     */
    record Part(String repository, long size, boolean manifest) {}

    /**
     * What an image consists of.
     *
     * @param spec what is known of the platform that is used here
     * @param content its blobs
     * @param artifact whether no container can be made of it
     * @param parts its blobs and manifests, by digest
     * @param manifests digests of its manifests and indexes
     * @param absent what the registry does not have, though the image refers to it
     */
    record Resolved(
            ImageSpec spec,
            ImageContent content,
            boolean artifact,
            SortedMap<String, Part> parts,
            List<String> manifests,
            List<String> absent) {
        /** Returns a copy with all names that the image has. */
        Resolved withNames(List<String> tags, List<String> digests) {
            ImageSpec named = new ImageSpec(
                    spec.id(),
                    spec.configDigest(),
                    spec.layers(),
                    tags,
                    digests,
                    spec.platform(),
                    spec.created(),
                    spec.config());
            return new Resolved(named, content, artifact, parts, manifests, absent);
        }
    }

    /** A walk from one manifest. */
    private final class Walk {
        private final String repository;
        private final SortedMap<String, Part> parts = new TreeMap<>();
        private final List<String> manifests = new ArrayList<>();
        private final List<String> foreign = new ArrayList<>();
        private final List<String> missing = new ArrayList<>();
        private final Set<String> otherPlatforms = new TreeSet<>();
        /** Manifests of images, with their platforms, in order. */
        private final List<Manifest> images = new ArrayList<>();

        private final List<Optional<String>> imagePlatforms = new ArrayList<>();

        Walk(String repository) {
            this.repository = repository;
        }

        void visit(Manifest manifest, Optional<String> platform, int depth) throws IOException {
            if (depth > MAX_DEPTH) {
                throw unsupported(manifest, "has indexes within indexes, more than " + MAX_DEPTH);
            }
            if (parts.put(manifest.digest(), new Part(repository, manifest.bytes().length, true)) != null) {
                return;
            }
            manifests.add(manifest.digest());
            cache.add(manifest);
            for (Descriptor child : manifest.children()) {
                visitChild(child, depth);
            }
            for (Descriptor part : manifest.parts()) {
                if (part.isForeign() && !client.hasBlob(repository, part.digest())) {
                    foreign.add(part.digest());
                    continue;
                }
                Part known = parts.put(part.digest(), new Part(repository, part.size(), false));
                if (known != null && known.size() != part.size()) {
                    throw wrongSize(part, known.size());
                }
            }
            if (parts.size() > MAX_BLOBS) {
                throw unsupported(manifest, "consists of over " + MAX_BLOBS + " blobs");
            }
            if (isImage(manifest)) {
                images.add(manifest);
                imagePlatforms.add(platform);
            }
        }

        private void visitChild(Descriptor child, int depth) throws IOException {
            Optional<String> platform = child.platform();
            if (!wanted(child, platform)) {
                otherPlatforms.add(platform.orElse(""));
                return;
            }
            Optional<Manifest> next = client.findManifest(repository, child.digest());
            if (next.isEmpty()) {
                missing.add(child.digest());
                return;
            }
            if (next.get().bytes().length != child.size()) {
                throw wrongSize(child, next.get().bytes().length);
            }
            visit(typed(next.get(), child), platform, depth + 1);
        }

        private RegistryException unsupported(Manifest manifest, String what) {
            return new RegistryException(
                    RegistryException.Kind.UNSUPPORTED,
                    client.name() + "/" + repository + "@" + manifest.digest() + " " + what);
        }

        private RegistryException wrongSize(Descriptor part, long found) {
            return new RegistryException(
                    RegistryException.Kind.DAMAGED,
                    client.name() + "/" + repository + "@" + part.digest() + " has " + found + " bytes, and "
                            + part.size() + " in a manifest that refers to it");
        }
    }

    /** A signature may have the configuration of an image, and then layers of its own kind. */
    private static boolean isImage(Manifest manifest) throws IOException {
        Optional<Descriptor> config = manifest.config();
        return config.isPresent()
                && IMAGE_CONFIGS.contains(config.get().mediaType())
                && manifest.layers().stream()
                        .allMatch(layer -> IMAGE_LAYERS.stream().anyMatch(layer.mediaType()::startsWith));
    }

    /** A registry may leave out the media type of a manifest that it has stored without. */
    private static Manifest typed(Manifest manifest, Descriptor descriptor) {
        return new Manifest(descriptor.mediaType(), manifest.digest(), manifest.bytes());
    }

    /** Attestations have the platform {@code unknown/unknown}; those belong to any. */
    private boolean wanted(Descriptor child, Optional<String> platform) throws IOException {
        if (platforms.isEmpty() || platform.isEmpty() || platform.get().startsWith("unknown/")) {
            return true;
        }
        String variant =
                child.json().objectOrEmpty("platform").optionalString("variant").orElse("");
        return platforms.contains(platform.get()) || platforms.contains(platform.get() + "/" + variant);
    }

    /** Resolves an image by its digest, without names. */
    Resolved resolve(String repository, String digest) throws IOException {
        Manifest target = client.manifest(repository, digest);
        Walk walk = new Walk(repository);
        try {
            walk.visit(target, Optional.empty(), 0);
            if (walk.images.isEmpty() && !walk.otherPlatforms.isEmpty()) {
                throw walk.unsupported(
                        target,
                        "has none of the platforms " + new TreeSet<>(platforms) + "; it has " + walk.otherPlatforms);
            }
            if (walk.images.isEmpty() && !walk.missing.isEmpty()) {
                throw new RegistryException(
                        RegistryException.Kind.NOT_FOUND,
                        client.name() + "/" + repository + "@" + digest + " refers to manifests that the registry does"
                                + " not have: " + String.join(", ", walk.missing));
            }
            return resolved(walk, target);
        } catch (DamagedException e) {
            throw new RegistryException(
                    RegistryException.Kind.DAMAGED,
                    client.name() + "/" + repository + "@" + digest + ": " + e.getMessage(),
                    e);
        }
    }

    private Resolved resolved(Walk walk, Manifest target) throws IOException {
        Optional<Manifest> used = used(walk);
        ImageSpec spec;
        ImageContent content;
        if (used.isPresent()) {
            Descriptor config = used.get().config().orElseThrow();
            JsonObject json = config(walk.repository, config);
            spec = ImageSpec.ofConfig(json, target.digest(), config.digest(), List.of(), List.of());
            content = new ImageContent(
                    config.digest(),
                    used.get().layers().stream()
                            .map(Descriptor::digest)
                            .filter(layer -> !walk.foreign.contains(layer))
                            .toList(),
                    Optional.of(target.descriptor()),
                    walk.parts.keySet());
        } else {
            spec = new ImageSpec(
                    target.digest(),
                    Optional.of(target.digest()),
                    List.of(),
                    List.of(),
                    List.of(),
                    "",
                    "",
                    Optional.empty());
            content =
                    new ImageContent(target.digest(), List.of(), Optional.of(target.descriptor()), walk.parts.keySet());
        }
        return new Resolved(spec, content, used.isEmpty(), walk.parts, walk.manifests, absent(walk));
    }

    private static List<String> absent(Walk walk) {
        List<String> absent = new ArrayList<>();
        walk.missing.forEach(digest -> absent.add("manifest " + digest));
        walk.foreign.forEach(digest -> absent.add("layer " + digest + ", whose license does not allow that"));
        return absent;
    }

    /** The platform of containers on this machine, such as {@code linux/amd64}. */
    static String ownPlatform() {
        String own =
                Optional.ofNullable(System.getProperty("os.arch")).orElse("").toLowerCase(Locale.ROOT);
        return "linux/"
                + switch (own) {
                    case "aarch64" -> "arm64";
                    case "x86_64" -> "amd64";
                    default -> own;
                };
    }

    /** The manifest that a container on this machine would use, or else the first. */
    private static Optional<Manifest> used(Walk walk) {
        String platform = ownPlatform();
        for (int i = 0; i < walk.images.size(); i++) {
            if (walk.imagePlatforms.get(i).equals(Optional.of(platform))) {
                return Optional.of(walk.images.get(i));
            }
        }
        for (int i = 0; i < walk.images.size(); i++) {
            if (!walk.imagePlatforms.get(i).orElse("").startsWith("unknown/")) {
                return Optional.of(walk.images.get(i));
            }
        }
        return Optional.empty();
    }

    private JsonObject config(String repository, Descriptor config) throws IOException {
        if (config.size() > MAX_CONFIG_BYTES) {
            throw new RegistryException(
                    RegistryException.Kind.UNSUPPORTED,
                    "the configuration " + config.digest() + " of an image has over " + MAX_CONFIG_BYTES + " bytes");
        }
        try (VerifiedBlob in = verified(client, repository, config.digest(), config.size())) {
            return JsonObject.parse(in.readAllBytes(), "configuration " + config.digest());
        }
    }

    /** Opens a blob whose digest is verified at its end. */
    static VerifiedBlob verified(RegistryClient client, String repository, String digest, long size) {
        InputStream in = client.blob(repository, digest, size);
        return new VerifiedBlob(
                in,
                digest,
                found -> new RegistryException(
                        RegistryException.Kind.DAMAGED,
                        client.name() + "/" + repository + ": the registry sent " + found + " for blob " + digest
                                + "; it is damaged there, or was sent by something else"));
    }
}
