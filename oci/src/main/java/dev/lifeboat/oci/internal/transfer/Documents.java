package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The small blobs of images that may be manifests. Which of them are, only the manifests themselves tell. */
final class Documents {
    /** Longer than any manifest: registries take up to 4 MiB (distribution-spec 1.1, "Pushing Manifests"). */
    static final long MAX_DOCUMENT_BYTES = 4 << 20;

    private static final long MAX_BYTES = 64 << 20;

    private final Map<String, byte[]> documents = new HashMap<>();
    private long bytes;

    /** Whether a blob may be one by its length. */
    static boolean mayBe(long size) {
        return size <= MAX_DOCUMENT_BYTES;
    }

    /** Whether content may be a manifest: each has one of these members. */
    static boolean isManifest(byte[] content) {
        if (content.length == 0 || content[0] != '{') {
            return false;
        }
        try {
            JsonObject json = JsonObject.parse(content, "document");
            return json.has("schemaVersion") || json.has("mediaType");
        } catch (DamagedException e) {
            return false;
        }
    }

    /** Returns the digests of those that are not among the given ones. */
    List<String> others(Set<String> digests) {
        return documents.keySet().stream()
                .filter(digest -> !digests.contains(digest))
                .sorted()
                .toList();
    }

    void add(String digest, byte[] content) throws IOException {
        bytes += content.length;
        if (bytes > MAX_BYTES) {
            throw new IOException("the images of the snapshot have manifests of over " + MAX_BYTES
                    + " bytes; restore them in parts, with only(..)");
        }
        documents.put(digest, content);
    }

    Optional<byte[]> find(String digest) {
        return Optional.ofNullable(documents.get(digest));
    }
}
