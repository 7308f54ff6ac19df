package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.transfer.TreeWriter;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Writes into a volume that no container needs to mount. */
final class MountedVolume {
    private MountedVolume() {}

    /**
     * Opens the way to a volume that exists. A container that is never started mounts it until the writer is closed.
     *
     * @param root place of its files in the snapshot
     */
    static TreeWriter writer(EngineClient client, EntryPath root, String volume, RestoreRequest request)
            throws IOException {
        JsonObject inspect = new Volumes(client).inspect(volume);
        if (request.dryRun()) {
            // Without a helper: that would be a change, too.
            Optional<Path> path = HostPaths.of(client).volume(inspect);
            return path.isPresent() ? TreeWriter.toHost(root, path.get(), request) : TreeWriter.dryRun(root, request);
        }
        HelperContainer helper = HelperContainer.mount(client, volume);
        boolean opened = false;
        try {
            Optional<Path> path = HostPaths.of(client, helper.id()).volume(inspect);
            TreeWriter writer = path.isPresent()
                    ? TreeWriter.toHost(root, path.get(), request)
                    : TreeWriter.toContainer(root, client, helper.id(), HelperContainer.DESTINATION, request);
            opened = true;
            return writer.closing(helper);
        } finally {
            if (!opened) {
                helper.close();
            }
        }
    }
}
