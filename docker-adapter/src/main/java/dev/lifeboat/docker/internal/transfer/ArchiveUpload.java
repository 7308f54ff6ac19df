package dev.lifeboat.docker.internal.transfer;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes into a container through {@code PUT /containers/{id}/archive}. Every entry is sent, whether it differs or not,
 * and nothing is deleted. Docker is asked to write relative to the root of the container, since with another path it
 * refuses links that lead out of it; Podman relative to the destination, since it would write below the mounts:
 * docs/ENGINES.md.
 */
public final class ArchiveUpload implements EntrySink, AutoCloseable {
    private final TarUpload upload;
    private final boolean podman;
    /** Whether it writes relative to a volume. */
    private final boolean volume;

    private final EntryPath place;
    private final RestoreRequest.Listener listener;
    private final Set<EntryPath> missing = new HashSet<>();

    public ArchiveUpload(EngineClient client, String container, String destination, RestoreRequest.Listener listener)
            throws IOException {
        this.podman = client.info().product() == Product.PODMAN;
        this.volume = podman && !destination.equals("/");
        String root = volume ? destination : "/";
        this.place = destination.equals(root) ? EntryPath.root() : EntryPath.of(destination.substring(1));
        this.listener = listener;
        this.upload = new TarUpload(
                client,
                Request.Method.PUT,
                "/containers/" + EngineClient.encode(container) + "/archive?path=" + EngineClient.encode(root),
                "write to " + destination + " of container " + container);
    }

    @Override
    public synchronized boolean offer(Entry entry) throws IOException {
        if (entry.isFile()) {
            missing.add(entry.path());
            return true;
        }
        if (entry.path().isRoot() && place.isRoot()) {
            rootOfVolume(entry);
            return false;
        }
        if (entry.type() == dev.lifeboat.entry.EntryType.HARD_LINK && missing.contains(entry.hardLinkTarget())) {
            listener.problem(new Problem(
                    entry.path(),
                    Problem.Kind.FAILED,
                    "its link target '" + entry.hardLinkTarget() + "' was not restored"));
            return false;
        }
        reportLostAttributes(entry);
        upload.write(TarHeaders.of(entry.below(place), 0));
        listener.changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
        return false;
    }

    @Override
    public synchronized void content(Entry entry, InputStream in) throws IOException {
        long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
        reportLostAttributes(entry);
        upload.write(TarHeaders.of(entry.below(place), size));
        upload.writeContent(in, size);
        missing.remove(entry.path());
        listener.changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
    }

    /** Podman takes its mode, but not its owner. The root of a container stays as it is. */
    private void rootOfVolume(Entry entry) throws IOException {
        if (!volume) {
            return;
        }
        upload.write(TarHeaders.of(entry, 0));
        if (entry.attributes().uid() != 0 || entry.attributes().gid() != 0) {
            listener.problem(new Problem(
                    entry.path(),
                    Problem.Kind.DEGRADED,
                    "belongs to root rather than to " + entry.attributes().uid() + ":"
                            + entry.attributes().gid() + ": the engine's API does not change the owner of a volume"));
        }
    }

    /** Podman drops them without a word. */
    private void reportLostAttributes(Entry entry) {
        boolean lost = podman
                && entry.attributes().xattrs().keySet().stream()
                        .anyMatch(name -> name.toString().matches("(trusted|security)\\..*"));
        if (lost) {
            listener.problem(new Problem(
                    entry.path(),
                    Problem.Kind.DEGRADED,
                    "the engine's API does not write its extended attributes of trusted and security"));
        }
    }

    @Override
    public void report(Problem problem) {
        listener.problem(problem);
    }

    public void finish() throws IOException {
        upload.finish();
    }

    @Override
    public void close() {
        upload.close();
    }
}
