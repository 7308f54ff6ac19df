package dev.lifeboat.oci;

import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.transfer.PushNames;
import dev.lifeboat.oci.internal.transfer.PushSession;
import java.io.IOException;

/** Pushes images of a snapshot. */
final class RegistryPush implements RestoreTarget {
    private final RegistryClient.Settings settings;
    private final PushNames names;

    RegistryPush(RegistryClient.Settings settings, PushNames names) {
        this.settings = settings;
        this.names = names;
    }

    @Override
    public String location() {
        String registry = settings.address().name();
        return names instanceof PushNames.One one ? registry + "/" + one.name() : "images of registry " + registry;
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        if (request.deleteExtra()) {
            throw new IOException("a push deletes nothing from " + location() + "; leave out deleteExtra()");
        }
        return new PushSession(RegistryClient.forPush(settings), names, request);
    }
}
