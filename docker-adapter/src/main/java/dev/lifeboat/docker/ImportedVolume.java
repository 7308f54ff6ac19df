package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.layout.VolumeDocument;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;

/**
 * A volume whose files come from elsewhere, such as from a backup of another tool, as a source. A snapshot of it is
 * restored as one of the volume itself: {@link Docker#newVolume} and {@link Docker#intoVolume}. No engine is needed.
 *
 * <pre>{@code
 * SnapshotSource files = TarSource.of(Path.of("backup-2026-11-28.tar.gz")).below("backup/dbdata");
 * Snapshot imported = repo.backup(ImportedVolume.of("dbdata", files)).run();
 * repo.restore(imported).to(docker.newVolume("dbdata", "shop_dbdata")).run();
 * }</pre>
 *
 * <p>Snapshots of it belong to the same series as those of the volume, {@code volume:dbdata}. Immutable.
 */
public final class ImportedVolume implements SnapshotSource {
    private final String volume;
    private final SnapshotSource files;

    private ImportedVolume(String volume, SnapshotSource files) {
        this.volume = volume;
        this.files = files;
    }

    /**
     * Returns a volume with the files of a source, whose root becomes the root of the volume.
     *
     * @param volume name of the volume; the engine gives it its default driver
     * @throws IllegalArgumentException if a volume cannot have this name
     */
    public static ImportedVolume of(String volume, SnapshotSource files) {
        if (!volume.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")) {
            throw new IllegalArgumentException(
                    "'" + volume + "' is not the name of a volume: it has letters, digits and"
                            + " _ . - and begins with a letter or a digit");
        }
        return new ImportedVolume(volume, files);
    }

    @Override
    public String name() {
        return "volume:" + volume;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IOException as the source of the files does
     */
    @Override
    public void sendTo(EntrySink target) throws IOException {
        Instant begun = Instant.now();
        FidelityRecorder sink = new FidelityRecorder(target);
        sink.offerDocuments();
        SnapshotDocuments.directory(sink, SnapshotLayout.VOLUMES);
        var place = SnapshotLayout.volume(volume);
        SnapshotDocuments.directory(sink, place);
        JsonObject document =
                VolumeDocument.of(new VolumeSpec(volume, VolumeSpec.LOCAL, Map.of(), Map.of()), false, "");
        SnapshotDocuments.send(sink, place.resolve("config.json"), document.toPrettyBytes());
        sink.note(place.resolve("data"), "import of " + files.name());
        files.sendTo(new PrefixSink(sink, place.resolve("data")));
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "volume")
                .put("name", volume)
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString()));
    }

    @Override
    public String toString() {
        return name();
    }
}
