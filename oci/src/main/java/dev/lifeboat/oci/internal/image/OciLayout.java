package dev.lifeboat.oci.internal.image;

import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The documents of an OCI image layout: image-spec 1.1, image-layout.md, and what containerd adds. */
public final class OciLayout {
    public static final byte[] MARKER =
            JsonObject.create().put("imageLayoutVersion", "1.0.0").toBytes();

    /** Media type of an index. */
    public static final String INDEX = "application/vnd.oci.image.index.v1+json";
    /** Media type of a manifest. */
    public static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

    private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
    private static final String LAYER = "application/vnd.oci.image.layer.v1.tar";
    /** By which containerd names an image: docs/ENGINES.md. */
    private static final String NAME = "io.containerd.image.name";

    private OciLayout() {}

    /** The index of a captured image, with all names that it had; empty if its engine keeps no manifest. */
    public static Optional<JsonObject> index(ImageDocument document) throws IOException {
        Optional<JsonObject> target = document.content().target();
        return target.isPresent()
                ? Optional.of(index(target.get(), document.image().tags()))
                : Optional.empty();
    }

    /** An index that names one image. */
    public static JsonObject index(JsonObject target, Collection<String> names) {
        List<@Nullable Object> manifests = new ArrayList<>();
        for (String name : names) {
            manifests.add(target.copy()
                    .put("annotations", Map.of(NAME, fullName(name)))
                    .members());
        }
        if (manifests.isEmpty()) {
            manifests.add(target.members());
        }
        return index(manifests);
    }

    /** An index of descriptors. */
    public static JsonObject index(List<@Nullable Object> manifests) {
        return JsonObject.create()
                .put("schemaVersion", 2)
                .put("mediaType", INDEX)
                .put("manifests", manifests);
    }

    /** The manifest of an image whose engine keeps none. Its layers are uncompressed. */
    public static byte[] manifest(ImageContent content, Map<String, Long> sizes) throws IOException {
        List<@Nullable Object> layers = new ArrayList<>();
        for (String layer : content.layers()) {
            layers.add(descriptor(LAYER, layer, sizes).members());
        }
        return manifest(descriptor(CONFIG, content.config(), sizes), layers);
    }

    /** A manifest of layers that were compressed anew. */
    public static byte[] manifest(String config, long configSize, List<JsonObject> layers) {
        List<@Nullable Object> members = new ArrayList<>();
        layers.forEach(layer -> members.add(layer.members()));
        return manifest(descriptor(CONFIG, config, configSize), members);
    }

    /** The descriptor of a layer that is not compressed. */
    public static JsonObject plainLayer(String digest, long size) {
        return descriptor(LAYER, digest, size);
    }

    /** The descriptor of a layer that was compressed anew. */
    public static JsonObject gzipLayer(String digest, long size) {
        return descriptor(LAYER + "+gzip", digest, size);
    }

    private static byte[] manifest(JsonObject config, List<@Nullable Object> layers) {
        return JsonObject.create()
                .put("schemaVersion", 2)
                .put("mediaType", MANIFEST)
                .put("config", config)
                .put("layers", layers)
                .toBytes();
    }

    private static JsonObject descriptor(String mediaType, String digest, Map<String, Long> sizes) throws IOException {
        Long size = sizes.get(digest);
        if (size == null) {
            throw new IOException("the snapshot has an image without its blob " + digest);
        }
        return descriptor(mediaType, digest, size);
    }

    /** A descriptor: image-spec 1.1, descriptor.md. */
    public static JsonObject descriptor(String mediaType, String digest, long size) {
        return JsonObject.create()
                .put("mediaType", mediaType)
                .put("digest", digest)
                .put("size", size);
    }

    /** The descriptor of a manifest. */
    public static JsonObject target(byte[] manifest) {
        return descriptor(
                MANIFEST, "sha256:" + Digests.hex(Digests.sha256(manifest, manifest.length)), manifest.length);
    }

    /** Whether a descriptor is that of an index, or of a list as Docker had it before. */
    public static boolean isIndex(JsonObject descriptor) throws IOException {
        String type = descriptor.string("mediaType");
        return type.equals(INDEX) || type.equals("application/vnd.docker.distribution.manifest.list.v2+json");
    }

    /** The name with its registry, which {@code docker} leaves out for Docker Hub: distribution/reference. */
    static String fullName(String name) {
        int slash = name.indexOf('/');
        String first = slash < 0 ? "" : name.substring(0, slash);
        if (first.contains(".") || first.contains(":") || first.equals("localhost")) {
            return name;
        }
        return "docker.io/" + (slash < 0 ? "library/" : "") + name;
    }
}
