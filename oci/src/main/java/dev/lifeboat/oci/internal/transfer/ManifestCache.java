package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.oci.internal.client.Manifest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Manifests that were read already, up to some bytes: registries count each request for one against their limits. */
final class ManifestCache {
    private static final long MAX_BYTES = 16 << 20;

    private final Map<String, byte[]> manifests = new HashMap<>();
    private long bytes;

    synchronized void add(Manifest manifest) {
        if (bytes + manifest.bytes().length <= MAX_BYTES
                && manifests.putIfAbsent(manifest.digest(), manifest.bytes()) == null) {
            bytes += manifest.bytes().length;
        }
    }

    synchronized Optional<byte[]> find(String digest) {
        return Optional.ofNullable(manifests.get(digest));
    }
}
