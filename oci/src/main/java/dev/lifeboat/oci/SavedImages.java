package dev.lifeboat.oci;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.transfer.SavedImageCapture;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/**
 * The images in a tar that {@code docker save} or {@code podman save} has written, in any of its forms, or in a tar of
 * an OCI image layout, as a source; compressed or not. A snapshot of it is restored to an engine or pushed to a
 * registry like any other snapshot with images.
 *
 * <pre>{@code
 * Snapshot saved = repo.backup(SavedImages.of(Path.of("images.tar.gz"))).run();
 * repo.restore(saved).to(docker.images()).run();
 * }</pre>
 *
 * <p>The tar is read twice: once to find out what it has, once for content. Each blob is verified by its digest.
 * Immutable.
 */
public final class SavedImages implements SnapshotSource {
    private final TarSource tar;
    private final String name;

    private SavedImages(TarSource tar, String name) {
        this.tar = tar;
        this.name = name;
    }

    /** Returns a source for a tar. The name of its series is {@code images:} and its absolute path. */
    public static SavedImages of(Path file) {
        return new SavedImages(
                TarSource.of(file), "images:" + file.toAbsolutePath().normalize());
    }

    /**
     * Refuses a tar that has more bytes than this after decompression.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public SavedImages limit(long bytes) {
        return new SavedImages(tar.limit(bytes), name);
    }

    @Override
    public SavedImages named(String newName) {
        return new SavedImages(tar, newName);
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * {@inheritDoc}
     *
     * @throws dev.lifeboat.format.DamagedException if the tar has no images, or not all of one, or a blob with another
     *     digest than its name says
     */
    @Override
    public void sendTo(EntrySink target) throws IOException {
        Instant begun = Instant.now();
        new SavedImageCapture(tar)
                .sendTo(
                        new FidelityRecorder(target),
                        JsonObject.create()
                                .put("lifeboat", "app")
                                .put("version", 1)
                                .put("kind", "image")
                                .put("name", name)
                                .put("begun", begun.toString()));
    }

    @Override
    public String toString() {
        return name;
    }
}
