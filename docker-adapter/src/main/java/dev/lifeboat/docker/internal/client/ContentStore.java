package dev.lifeboat.docker.internal.client;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The blobs of an engine with the image store of containerd, as files of this machine. Their names are the digests of
 * their content, so whoever reads one can verify that it is the right one; no proof is needed that the engine is near.
 */
public final class ContentStore {
    private static final String BLOBS = "io.containerd.content.v1.content/blobs/sha256";

    /** That of the engine's own containerd first. */
    private final List<Path> directories;

    private ContentStore(List<Path> directories) {
        this.directories = directories;
    }

    /**
     * Whether the engine's own containerd has a blob. The system's one also has those of other programs, which the
     * engine cannot use.
     */
    public boolean isOwn(String digest) {
        return !directories.isEmpty()
                && Files.isRegularFile(directories.get(0).resolve(digest.substring("sha256:".length())));
    }

    /** Returns the places where an engine keeps its blobs, as far as this process can see them. */
    static ContentStore of(boolean near, Path dataRoot) {
        if (!near) {
            return new ContentStore(List.of());
        }
        // Of the engine's own containerd, and of the system's one, which Docker's packages use.
        return new ContentStore(List.of(
                dataRoot.resolve("containerd/daemon").resolve(BLOBS),
                Path.of("/var/lib/containerd").resolve(BLOBS)));
    }

    /** Finds a blob. */
    public Optional<Path> find(String digest) {
        String name = digest.substring("sha256:".length());
        for (Path directory : directories) {
            Path blob = directory.resolve(name);
            if (Files.isReadable(blob) && Files.isRegularFile(blob)) {
                return Optional.of(blob);
            }
        }
        return Optional.empty();
    }
}
