package dev.lifeboat.oci.internal.image;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The blobs of an image, and how they hang together: OCI image-spec 1.1, manifest.md and image-index.md. A graph store
 * keeps no manifest; then the layers are uncompressed.
 *
 * @param config digest of the configuration of the platform that is used
 * @param layers digests of the layers of that platform as they are stored, lowest first
 * @param target descriptor of the manifest or index; empty if the engine keeps none
 * @param blobs digests of all that is there, of other platforms and attestations, too
 */
public record ImageContent(String config, List<String> layers, Optional<JsonObject> target, Set<String> blobs) {
    private static final String DIGEST = "sha256:[0-9a-f]{64}";

    public ImageContent {
        layers = List.copyOf(layers);
        blobs = Set.copyOf(blobs);
    }

    /** The blobs that an engine has of an image. */
    public interface Blobs {
        /** Whether a blob is there. */
        boolean has(String digest) throws IOException;

        /** The content of a blob that is a document. */
        JsonObject document(String digest) throws IOException;
    }

    /** Thrown if an engine lacks a blob of an image that it lists. */
    public static final class NotWholeException extends IOException {
        private static final long serialVersionUID = 1;

        NotWholeException(String message) {
            super(message);
        }
    }

    /** The content of an image in a graph store. */
    public static ImageContent ofGraph(ImageSpec image) throws IOException {
        String config = image.configDigest().orElseThrow();
        Set<String> blobs = new TreeSet<>(image.layers());
        blobs.add(config);
        for (String blob : blobs) {
            check(blob);
        }
        return new ImageContent(config, image.layers(), Optional.empty(), blobs);
    }

    /**
     * Follows the descriptors from a manifest or index.
     *
     * @param manifest digest of the manifest that is used; empty for the one of a platform
     * @param platform such as {@code linux/amd64}
     * @throws NotWholeException if the manifest that is used is not whole
     */
    public static ImageContent follow(JsonObject target, Blobs blobs, Optional<String> manifest, String platform)
            throws IOException {
        String digest = digest(target);
        JsonObject top = blobs.document(digest);
        if (!top.has("manifests")) {
            Set<String> all = new TreeSet<>(wholeManifest(digest, top, blobs)
                    .orElseThrow(() -> new NotWholeException("the engine does not have all of image " + digest)));
            return of(target, top, all);
        }
        Set<String> all = new TreeSet<>(Set.of(digest));
        Optional<JsonObject> used = Optional.empty();
        for (JsonObject child : top.objects("manifests")) {
            String childDigest = digest(child);
            if (!blobs.has(childDigest)) {
                continue;
            }
            JsonObject document = blobs.document(childDigest);
            Optional<Set<String>> whole = wholeManifest(childDigest, document, blobs);
            if (whole.isEmpty()) {
                continue;
            }
            all.addAll(whole.get());
            // Some tools write no platform; then the image has one only.
            boolean wanted = manifest.isPresent()
                    ? manifest.get().equals(childDigest)
                    : platform(child).equals(platform) || !child.has("platform");
            if (wanted && used.isEmpty()) {
                used = Optional.of(document);
            }
        }
        if (used.isEmpty()) {
            throw new NotWholeException("the engine does not have all of image " + digest + " for "
                    + manifest.orElse(platform) + "; pull it for that platform");
        }
        return of(target, used.get(), all);
    }

    private static ImageContent of(JsonObject target, JsonObject manifest, Set<String> all) throws IOException {
        List<String> layers = new ArrayList<>();
        for (JsonObject layer : manifest.objects("layers")) {
            layers.add(digest(layer));
        }
        return new ImageContent(digest(manifest.object("config")), layers, Optional.of(plain(target)), all);
    }

    /** Without annotations, which name an image in one place. */
    private static JsonObject plain(JsonObject target) throws IOException {
        return JsonObject.create()
                .put("mediaType", target.string("mediaType"))
                .put("digest", target.string("digest"))
                .put("size", target.number("size"));
    }

    /** Returns the blobs of a manifest; empty if one is missing. */
    private static Optional<Set<String>> wholeManifest(String digest, JsonObject manifest, Blobs blobs)
            throws IOException {
        Set<String> all = new LinkedHashSet<>(Set.of(digest));
        List<JsonObject> parts = new ArrayList<>(manifest.objects("layers"));
        if (manifest.has("config")) {
            parts.add(manifest.object("config"));
        }
        for (JsonObject part : parts) {
            if (!blobs.has(digest(part))) {
                return Optional.empty();
            }
            all.add(digest(part));
        }
        return Optional.of(all);
    }

    private static String platform(JsonObject descriptor) throws IOException {
        JsonObject platform = descriptor.objectOrEmpty("platform");
        return platform.optionalString("os").orElse("") + "/"
                + platform.optionalString("architecture").orElse("");
    }

    private static String digest(JsonObject descriptor) throws IOException {
        return check(descriptor.string("digest"));
    }

    /** Only what can be verified can be captured. */
    private static String check(String digest) throws DamagedException {
        if (!digest.matches(DIGEST)) {
            throw new DamagedException("the digest '" + digest + "' is not one of SHA-256");
        }
        return digest;
    }

    /** Digest of the manifest or index, by which the image store of containerd knows the image. */
    public Optional<String> targetDigest() throws IOException {
        return target.isPresent() ? Optional.of(target.get().string("digest")) : Optional.empty();
    }

    /** Writes it as a part of a document. */
    public JsonObject toJson() {
        JsonObject json = JsonObject.create().put("config", config).put("layers", layers);
        target.ifPresent(descriptor -> json.put("target", descriptor));
        return json.put("blobs", blobs.stream().sorted().toList());
    }

    /** Reads it from a document. */
    public static ImageContent from(JsonObject json) throws IOException {
        ImageContent content = new ImageContent(
                json.string("config"),
                json.strings("layers"),
                json.has("target") ? Optional.of(plain(json.object("target"))) : Optional.empty(),
                new TreeSet<>(json.strings("blobs")));
        List<String> named = new ArrayList<>(content.layers());
        named.add(content.config());
        content.targetDigest().ifPresent(named::add);
        for (String blob : content.blobs()) {
            check(blob);
        }
        if (!content.blobs().containsAll(named)) {
            throw new DamagedException("an image of the snapshot refers to blobs that it does not list");
        }
        return content;
    }
}
