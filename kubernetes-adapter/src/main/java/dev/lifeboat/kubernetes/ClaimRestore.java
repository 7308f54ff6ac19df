package dev.lifeboat.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.restore.ClaimRestoreSession;
import dev.lifeboat.kubernetes.internal.restore.RestoreOptions;
import java.io.IOException;
import java.util.Optional;

/**
 * Writes the files of one volume of a snapshot, also of one of Docker, into a claim that exists and that no pod uses.
 * What differs is written; what the volume has besides stays, unless {@code deleteExtra()} is set for the restore. A
 * restore that fails leaves what it has written.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class ClaimRestore implements RestoreTarget {
    private final ApiClient client;
    private final String volume;
    private final Claim claim;
    private final RestoreOptions options;

    ClaimRestore(ApiClient client, String volume, Claim claim, RestoreOptions options) {
        this.client = client;
        this.volume = volume;
        this.claim = claim;
        this.options = options;
    }

    /** Sets the image of the pod that writes: it has {@code sh} and {@code tar}, best that of GNU. It must be set. */
    public ClaimRestore helperImage(String image) {
        return new ClaimRestore(client, volume, claim, options.with(o -> o.helperImage = Optional.of(image)));
    }

    /** Writes no files on the host, even where that is possible: all through the API server. */
    public ClaimRestore withoutHostPaths() {
        return new ClaimRestore(client, volume, claim, options.with(o -> o.hostPaths = false));
    }

    @Override
    public String location() {
        return "claim " + claim + " of " + client.server();
    }

    /**
     * {@inheritDoc}
     *
     * @throws dev.lifeboat.kubernetes.cluster.KubernetesException if there is no such claim, or a pod uses it
     */
    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return ClaimRestoreSession.begin(client, volume, claim, options, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
