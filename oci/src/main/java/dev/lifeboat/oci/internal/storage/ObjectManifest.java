package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An object in a registry: a manifest with one layer, its content. Garbage collection keeps the layer as long as the
 * manifest has a tag.
 *
 * @param info what is known of the object
 * @param digest of its content
 */
record ObjectManifest(ObjectInfo info, String digest) {
    private static final String OBJECT = "application/vnd.lifeboat.object.v1";
    private static final String REMOVED = "application/vnd.lifeboat.removed.v1";
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String KEY = "dev.lifeboat.key";
    private static final String CREATED = "org.opencontainers.image.created";

    /** OCI image-spec 1.1, manifest.md, "Guidance for an Empty Descriptor". */
    static final byte[] EMPTY = "{}".getBytes(StandardCharsets.US_ASCII);

    /** Of {@link #EMPTY}. */
    static final String EMPTY_DIGEST = VerifiedBlob.digest(EMPTY);

    /** A manifest of this artifact type without content of its own. */
    static Manifest note(String artifactType, JsonObject annotations) {
        return manifest(artifactType, empty(), annotations);
    }

    private static JsonObject empty() {
        return descriptor("application/vnd.oci.empty.v1+json", EMPTY_DIGEST, EMPTY.length);
    }

    private static JsonObject descriptor(String mediaType, String digest, long size) {
        return JsonObject.create()
                .put("mediaType", mediaType)
                .put("digest", digest)
                .put("size", size);
    }

    private static Manifest manifest(String artifactType, JsonObject layer, JsonObject annotations) {
        byte[] bytes = JsonObject.create()
                .put("schemaVersion", 2L)
                .put("mediaType", MANIFEST)
                .put("artifactType", artifactType)
                .put("config", empty().members())
                .put("layers", List.of(layer.members()))
                .put("annotations", annotations.members())
                .toBytes();
        return new Manifest(MANIFEST, VerifiedBlob.digest(bytes), bytes);
    }

    Manifest toManifest() {
        JsonObject layer = descriptor("application/octet-stream", digest, info.length());
        return manifest(
                OBJECT,
                layer,
                JsonObject.create()
                        .put(KEY, info.key().value())
                        .put(CREATED, info.lastModified().toString()));
    }

    /** Returns whether a manifest is one of an object. */
    static boolean isObject(Manifest manifest) {
        return is(OBJECT, manifest);
    }

    /** Returns whether a manifest is in the place of an object that was removed. */
    static boolean isStub(Manifest manifest) {
        return is(REMOVED, manifest);
    }

    private static boolean is(String artifactType, Manifest manifest) {
        try {
            return manifest.json().optionalString("artifactType").equals(Optional.of(artifactType));
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns a manifest for the tags of an object that is removed, where a registry does not remove tags. */
    static Manifest stub() {
        return note(REMOVED, JsonObject.create().put("id", RandomIds.next()));
    }

    /**
     * Parses a manifest.
     *
     * @throws RegistryException if it is not one of an object
     */
    static ObjectManifest of(Manifest manifest) throws IOException {
        List<Descriptor> layers;
        Map<String, String> annotations;
        try {
            JsonObject json = manifest.json();
            layers = manifest.layers();
            annotations = json.has("annotations") ? json.stringMap("annotations") : Map.of();
        } catch (DamagedException e) {
            throw foreign(manifest, ": " + e.getMessage());
        }
        String key = annotations.getOrDefault(KEY, "");
        if (layers.size() != 1 || !ObjectKey.isValid(key)) {
            throw foreign(manifest, "");
        }
        Descriptor layer = layers.get(0);
        try {
            Instant created = Instant.parse(annotations.getOrDefault(CREATED, ""));
            return new ObjectManifest(new ObjectInfo(new ObjectKey(key), layer.size(), created), layer.digest());
        } catch (DateTimeException e) {
            throw foreign(manifest, ": it has no time");
        }
    }

    private static RegistryException foreign(Manifest manifest, String detail) {
        return new RegistryException(
                RegistryException.Kind.DAMAGED,
                "manifest " + manifest.digest() + " is not one of an object of Lifeboat" + detail);
    }
}
