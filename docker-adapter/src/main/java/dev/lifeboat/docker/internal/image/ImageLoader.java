package dev.lifeboat.docker.internal.image;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.docker.internal.transfer.TarUpload;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Receives the entries below {@code images/} of a snapshot and loads each image as a tar in the format that every
 * engine reads (manifest.json). An image that the engine already has is not requested. Of any other image, only the
 * layers that the engine lacks are requested, if its layers are known.
 */
public final class ImageLoader implements AutoCloseable {
    private final EngineClient client;
    private final Images images;
    private final RestoreRequest request;
    /** Layers by image, if the snapshot listed them before the images. */
    private final Map<String, List<String>> knownLayers;

    private final Set<String> present = new HashSet<>();
    private @Nullable Loading loading;

    /** An image that is being loaded. */
    private static final class Loading {
        private final String hex;
        private final Set<String> unneeded;
        private final TarUpload upload;

        Loading(String hex, Set<String> unneeded, TarUpload upload) {
            this.hex = hex;
            this.unneeded = unneeded;
            this.upload = upload;
        }
    }

    public ImageLoader(EngineClient client, RestoreRequest request, Map<String, List<String>> knownLayers) {
        this.client = client;
        this.images = new Images(client);
        this.request = request;
        this.knownLayers = knownLayers;
    }

    /** Offers an entry whose path begins with {@code images/<digest>}. */
    public boolean offer(Entry entry) throws IOException {
        var segments = entry.path().segments();
        if (segments.size() == 2) {
            begin(segments.get(1).toString());
            return false;
        }
        Loading current = loading;
        if (!entry.isFile() || current == null) {
            return false;
        }
        String file = entry.path().name().toString();
        return segments.size() == 5 ? !current.unneeded.contains("sha256:" + file) : file.equals("image.json");
    }

    private void begin(String hex) throws IOException {
        String id = "sha256:" + hex;
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IOException("the snapshot has an image id of an unknown form: " + hex);
        }
        if (images.find(id).isPresent()) {
            present.add(id);
            return;
        }
        request.listener().changed(new RestoreChange(SnapshotLayout.IMAGES.resolve(hex), RestoreChange.Action.CREATE));
        if (!request.dryRun()) {
            Set<String> unneeded = presentLayers(knownLayers.getOrDefault(id, List.of()));
            loading = new Loading(
                    hex,
                    unneeded,
                    new TarUpload(client, Request.Method.POST, "/images/load?quiet=1", "load image " + id));
        }
    }

    /**
     * Returns the layers that the engine already has on top of the same lower layers; only then does the engine reuse
     * them.
     */
    private Set<String> presentLayers(List<String> wanted) throws IOException {
        int shared = 0;
        if (!wanted.isEmpty()) {
            for (ImageSpec image : images.all()) {
                shared = Math.max(shared, common(wanted, image.layers()));
            }
        }
        Set<String> unneeded = new HashSet<>(wanted.subList(0, shared));
        unneeded.removeAll(wanted.subList(shared, wanted.size()));
        return unneeded;
    }

    private static int common(List<String> a, List<String> b) {
        int n = 0;
        while (n < a.size() && n < b.size() && a.get(n).equals(b.get(n))) {
            n++;
        }
        return n;
    }

    public void content(Entry entry, InputStream in) throws IOException {
        Loading current = loading;
        if (current == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not requested");
        }
        String name = entry.path().name().toString();
        if (name.equals("image.json")) {
            finish(current, SnapshotLayout.read(entry.path(), in));
            return;
        }
        long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
        write(current, tarName(current.hex, name), in, size);
    }

    private static String tarName(String image, String digest) {
        return digest.equals(image) ? digest + ".json" : digest + "/layer.tar";
    }

    private static void write(Loading current, String name, InputStream in, long size) throws IOException {
        Entry member = Entry.file(EntryPath.of(name), size, SnapshotLayout.attributes(0644));
        current.upload.write(TarHeaders.of(member, size));
        current.upload.writeContent(in, size);
    }

    private void finish(Loading current, JsonObject document) throws IOException {
        List<String> layers = new ArrayList<>();
        for (String layer : document.strings("layers")) {
            layers.add(tarName(current.hex, ImageCapture.hex(layer)));
        }
        JsonObject manifest = JsonObject.create()
                .put("Config", current.hex + ".json")
                .put("RepoTags", freeTags(current.hex, document.strings("tags")))
                .put("Layers", layers);
        byte[] json = ("[" + new String(manifest.toBytes(), java.nio.charset.StandardCharsets.UTF_8) + "]")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        write(current, "manifest.json", new ByteArrayInputStream(json), json.length);
        String answer = current.upload.finish();
        loading = null;
        String id = "sha256:" + current.hex;
        if (answer.contains("errorDetail") || images.find(id).isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.REFUSED, "the engine did not load image " + id + ": " + answer.strip());
        }
        present.add(id);
    }

    /** Returns the tags that may be set. A tag that the engine uses for another image is not moved. */
    private List<String> freeTags(String hex, List<String> tags) throws IOException {
        List<String> free = new ArrayList<>();
        for (String tag : tags) {
            Optional<ImageSpec> holder = images.find(tag);
            if (holder.isEmpty()) {
                free.add(tag);
            } else {
                request.listener()
                        .problem(new Problem(
                                SnapshotLayout.IMAGES.resolve(hex),
                                Problem.Kind.DEGRADED,
                                "tag " + tag + " belongs to another image on this engine and is not moved"));
            }
        }
        return free;
    }

    /** Returns whether the engine now has an image. */
    public boolean has(String id) {
        return present.contains(id);
    }

    @Override
    public void close() {
        if (loading != null) {
            loading.upload.close();
        }
    }
}
