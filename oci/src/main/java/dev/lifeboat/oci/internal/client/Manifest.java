package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A manifest or an index, byte for byte: OCI image-spec 1.1, manifest.md and image-index.md, and what came before.
 *
 * @param mediaType as the registry or a descriptor says it
 * @param digest of the bytes
 * @param bytes never changed
 */
@SuppressWarnings("ArrayRecordComponent") // Only read; records of this class are not compared.
public record Manifest(String mediaType, String digest, byte[] bytes) {
    /** Registries take up to 4 MiB: distribution-spec 1.1, "Pushing Manifests". */
    static final int MAX_BYTES = 4 << 20;

    private static final Pattern MEDIA_TYPE = Pattern.compile("[A-Za-z0-9!#$&^_.+/-]{0,255}");
    private static final String SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+";

    static Manifest of(String mediaType, byte[] bytes) {
        return new Manifest(mediaType, VerifiedBlob.digest(bytes), bytes);
    }

    /**
     * What a descriptor says of a blob or manifest.
     *
     * @param mediaType may be any
     * @param digest of SHA-256
     * @param size in bytes
     * @param json all of the descriptor
     */
    public record Descriptor(String mediaType, String digest, long size, JsonObject json) {
        /** Parses a descriptor: OCI image-spec 1.1, descriptor.md. */
        public static Descriptor of(JsonObject json) throws IOException {
            String digest = json.string("digest");
            if (!digest.matches("sha256:[0-9a-f]{64}")) {
                throw new RegistryException(
                        RegistryException.Kind.UNSUPPORTED,
                        "the digest '" + digest + "' of a manifest is not one of SHA-256");
            }
            String mediaType = json.optionalString("mediaType").orElse("");
            if (!MEDIA_TYPE.matcher(mediaType).matches()) {
                throw new RegistryException(
                        RegistryException.Kind.DAMAGED,
                        "the media type of " + digest + " in a manifest is not one of RFC 6838");
            }
            return new Descriptor(mediaType, digest, json.size("size"), json);
        }

        /** Operating system and architecture, such as {@code linux/amd64}; empty if it has none. */
        public Optional<String> platform() throws IOException {
            JsonObject platform = json.objectOrEmpty("platform");
            Optional<String> os = platform.optionalString("os");
            return os.isEmpty()
                    ? Optional.empty()
                    : Optional.of(os.get() + "/"
                            + platform.optionalString("architecture").orElse(""));
        }

        /** Whether registries do not have it, since its license forbids: image-spec 1.0, layer.md. */
        public boolean isForeign() {
            return mediaType.contains(".foreign.") || mediaType.contains(".nondistributable.");
        }
    }

    /**
     * Parses the document.
     *
     * @throws RegistryException if it is of a form that has no digest of its bytes
     */
    public JsonObject json() throws IOException {
        JsonObject json = JsonObject.parse(bytes, "manifest " + digest);
        if (mediaType.startsWith(SCHEMA1) || json.has("fsLayers")) {
            throw new RegistryException(
                    RegistryException.Kind.UNSUPPORTED,
                    "manifest " + digest + " is of Docker's schema 1, which registries do not take any more; pull and"
                            + " push the image with a newer engine");
        }
        return json;
    }

    /** The manifests of an index; empty if it is none. */
    public List<Descriptor> children() throws IOException {
        return descriptors(json(), "manifests");
    }

    /** The configuration and the layers of a manifest; empty if it has none. */
    public List<Descriptor> parts() throws IOException {
        List<Descriptor> parts = new ArrayList<>(config().stream().toList());
        parts.addAll(layers());
        // Artifact manifests before OCI 1.1 list blobs.
        parts.addAll(descriptors(json(), "blobs"));
        return parts;
    }

    /** The configuration; empty if it has none. */
    public Optional<Descriptor> config() throws IOException {
        JsonObject json = json();
        return json.has("config") ? Optional.of(Descriptor.of(json.object("config"))) : Optional.empty();
    }

    /** The layers, lowest first. */
    public List<Descriptor> layers() throws IOException {
        return descriptors(json(), "layers");
    }

    /** The digest of the manifest that this one is about; empty if there is none. */
    public Optional<String> subject() throws IOException {
        JsonObject json = json();
        return json.has("subject")
                ? Optional.of(Descriptor.of(json.object("subject")).digest())
                : Optional.empty();
    }

    private static List<Descriptor> descriptors(JsonObject json, String name) throws IOException {
        List<Descriptor> all = new ArrayList<>();
        for (JsonObject descriptor : json.has(name) ? json.objects(name) : List.<JsonObject>of()) {
            all.add(Descriptor.of(descriptor));
        }
        return all;
    }

    /** A descriptor of this manifest, without annotations. */
    public JsonObject descriptor() {
        return JsonObject.create()
                .put("mediaType", mediaType)
                .put("digest", digest)
                .put("size", (long) bytes.length);
    }
}
