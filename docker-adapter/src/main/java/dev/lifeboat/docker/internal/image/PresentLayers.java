package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.client.ContentStore;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds the layers of an image that need not be sent to an engine, since it has them: docs/ENGINES.md. */
final class PresentLayers {
    private final EngineClient client;

    PresentLayers(EngineClient client) {
        this.client = client;
    }

    /** Returns the digests of the blobs that need not be sent. */
    Set<String> of(ImageDocument document) throws IOException {
        if (client.info().product() != EngineInfo.Product.DOCKER) {
            // Podman refuses an archive without them.
            return Set.of();
        }
        List<String> blobs = document.content().layers();
        List<String> layers = document.image().layers();
        if (blobs.size() != layers.size()) {
            return Set.of();
        }
        int shared = shared(layers);
        Set<String> unneeded = new HashSet<>(blobs.subList(0, shared));
        unneeded.removeAll(blobs.subList(shared, blobs.size()));
        if (client.info().store() == EngineInfo.Store.CONTAINERD) {
            // It reuses blobs, not layers: another image may have the same layer as another blob, and then the image
            // could be run, but never be saved or pushed.
            ContentStore store = HostPaths.contentStore(client);
            unneeded.removeIf(blob -> !store.isOwn(blob));
        }
        return unneeded;
    }

    /** Returns a blob that was left out since the engine had it, and that it has no more. */
    Optional<String> gone(Set<String> unneeded) throws IOException {
        if (client.info().store() != EngineInfo.Store.CONTAINERD) {
            return Optional.empty();
        }
        ContentStore store = HostPaths.contentStore(client);
        return unneeded.stream().filter(blob -> !store.isOwn(blob)).findFirst();
    }

    /**
     * Returns how many layers the engine already has on top of the same lower layers; only then does it reuse them.
     */
    private int shared(List<String> layers) throws IOException {
        int shared = 0;
        for (ImageSpec image : layers.isEmpty() ? List.<ImageSpec>of() : new Images(client).all()) {
            shared = Math.max(shared, common(layers, image.layers()));
        }
        return shared;
    }

    private static int common(List<String> a, List<String> b) {
        int n = 0;
        while (n < a.size() && n < b.size() && a.get(n).equals(b.get(n))) {
            n++;
        }
        return n;
    }
}
