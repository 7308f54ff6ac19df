package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.image.ImageCapture;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Captures the images of an application: {@code images/}. */
final class ImagesCapture {
    private static final Logger log = LoggerFactory.getLogger(ImagesCapture.class);

    private final EngineClient client;
    private final Application application;
    private final boolean wanted;
    /** Images of the containers, by key; empty for those that are not captured. */
    private final Map<String, Optional<ImageCapture>> images = new TreeMap<>();

    /**
     * Creates a capture.
     *
     * @param wanted whether images are captured at all
     */
    ImagesCapture(EngineClient client, Application application, boolean wanted) {
        this.client = client;
        this.application = application;
        this.wanted = wanted;
    }

    /** Finds out what each image consists of; containers that use the same one share it. */
    void prepare() throws IOException {
        Map<String, Optional<ImageCapture>> prepared = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member :
                application.model().members().entrySet()) {
            ContainerSpec container = member.getValue();
            String use = container.imageId() + " " + container.manifestDigest().orElse("");
            Optional<ImageCapture> image = prepared.get(use);
            if (image == null) {
                image = imageCapture(container);
                prepared.put(use, image);
            }
            images.put(member.getKey(), image);
        }
    }

    /** Returns the image of a member. */
    ImageSpec image(String key) throws IOException {
        Optional<ImageCapture> captured = images.getOrDefault(key, Optional.empty());
        if (captured.isPresent()) {
            return captured.get().image();
        }
        String id = application.member(key).imageId();
        return new Images(client).find(id).orElse(ImageSpec.missing(id));
    }

    /** The image, if it is asked for and there. */
    private Optional<ImageCapture> imageCapture(ContainerSpec container) throws IOException {
        Optional<ImageSpec> image = wanted ? new Images(client).find(container.imageId()) : Optional.empty();
        if (image.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ImageCapture.of(client, image.get(), container.manifestDigest()));
        } catch (ImageContent.NotWholeException e) {
            log.warn("an image is not captured [image={}, cause={}]", container.imageName(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Sends them, and reports those that the engine does not have. */
    void sendTo(FidelityRecorder sink) throws IOException {
        if (!wanted) {
            return;
        }
        Map<String, ImageCapture> byDigest = new TreeMap<>();
        for (Map.Entry<String, Optional<ImageCapture>> image : images.entrySet()) {
            if (image.getValue().isPresent()) {
                ImageCapture captured = image.getValue().get();
                byDigest.put(captured.image().identity(), captured);
                continue;
            }
            ContainerSpec container = application.member(image.getKey());
            sink.report(new Problem(
                    SnapshotLayout.container(image.getKey()),
                    Problem.Kind.FAILED,
                    "the engine does not have image " + container.imageId() + " any more, or not all of it ("
                            + container.imageName() + "), so it is not in the snapshot"));
        }
        if (byDigest.isEmpty()) {
            return;
        }
        SnapshotDocuments.directory(sink, ImageLayout.IMAGES);
        for (ImageCapture image : byDigest.values()) {
            image.sendTo(sink);
        }
    }
}
