package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.oci.internal.image.OciLayout;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Captures an image as the blobs that the engine has, as in an OCI image layout (image-spec 1.1, image-layout.md). The
 * digest identifies the content, so a blob that the parent snapshot has is not sent again. Every blob that is sent is
 * verified by its digest.
 */
public final class ImageCapture {
    private final ImageDocument document;
    private final ImageBlobs blobs;
    private final String how;
    private final EntryPath place;

    private ImageCapture(ImageDocument document, ImageBlobs blobs, String how) {
        this.document = document;
        this.blobs = blobs;
        this.how = how;
        this.place = ImageLayout.image(document.content().config());
    }

    /**
     * Prepares a capture: finds out what the image consists of.
     *
     * @param manifest digest of the manifest that a container uses, of several that the image has
     * @throws DockerException if the engine does not have all of the image
     */
    public static ImageCapture of(EngineClient client, ImageSpec image, Optional<String> manifest) throws IOException {
        EngineInfo engine = client.info();
        String platform = image.platform().isEmpty() ? engine.os() + "/" + engine.architecture() : image.platform();
        Optional<ImageBlobs> stored = Optional.empty();
        if (engine.store() == Store.CONTAINERD) {
            JsonObject target = new Images(client).target(image);
            // Engines before 28 do not tell.
            if (target.has("digest")) {
                stored = StoredImage.open(HostPaths.contentStore(client), target, manifest, platform);
            }
        }
        ImageBlobs blobs = stored.isPresent() ? stored.get() : SavedImage.open(client, image, manifest, platform);
        return new ImageCapture(
                new ImageDocument(image.withConfigDigest(blobs.content().config()), blobs.content(), false),
                blobs,
                stored.isPresent() ? "content store" : "image save");
    }

    /** The image, with the digest of its configuration. */
    public ImageSpec image() {
        return document.image();
    }

    /** Sends all to a sink. */
    public void sendTo(FidelityRecorder sink) throws IOException {
        sink.note(place, how);
        SnapshotDocuments.directory(sink, place);
        SnapshotDocuments.send(sink, ImageLayout.document(place), document.toBytes());
        EntryPath layout = place.resolve("layout");
        SnapshotDocuments.directory(sink, layout);
        SnapshotDocuments.directory(sink, layout.resolve("blobs"));
        SnapshotDocuments.directory(sink, ImageLayout.blobs(layout));
        Map<String, Entry> wanted = new TreeMap<>();
        for (String digest : document.content().blobs().stream().sorted().toList()) {
            // The name is a digest, so equal names mean equal content, regardless of the time.
            Entry blob = Entry.fileOfUnknownSize(ImageLayout.blob(layout, digest), SnapshotDocuments.attributes(0644))
                    .withFingerprint(Optional.of(digest));
            if (sink.offer(blob)) {
                wanted.put(digest, blob);
            }
        }
        Optional<JsonObject> index = OciLayout.index(document);
        if (index.isPresent()) {
            SnapshotDocuments.send(
                    sink, layout.resolve("index.json"), index.get().toBytes());
        }
        SnapshotDocuments.send(sink, ImageLayout.marker(layout), OciLayout.MARKER);
        if (!wanted.isEmpty()) {
            blobs.send(wanted, sink);
        }
        if (!wanted.isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.REFUSED,
                    "the engine did not send " + wanted.keySet() + " of image " + image().id());
        }
    }
}
