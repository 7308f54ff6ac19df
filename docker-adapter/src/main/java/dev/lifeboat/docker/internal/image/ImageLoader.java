package dev.lifeboat.docker.internal.image;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.ApiVersion;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.layout.ImageDocument;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.docker.internal.transfer.TarUpload;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Receives the entries below {@code images/} of a snapshot and loads each image, in a form that every engine reads: an
 * OCI image layout with a {@code manifest.json}. An image that the engine has is not requested; of any other, only the
 * blobs that the engine lacks are.
 *
 * <p>An image is loaded without tags, then proven, and only then tagged: no tag ever refers to an image that is not
 * whole, and none is taken from another image.
 */
public final class ImageLoader implements AutoCloseable {
    private static final ApiVersion ZSTD = new ApiVersion(1, 42);

    private final EngineClient client;
    private final Images images;
    private final RestoreRequest request;
    /** Ids on this engine, by the identity that the snapshot has. */
    private final Map<String, String> here = new HashMap<>();
    /** Images that a dry run would load. */
    private final Set<String> toLoad = new HashSet<>();

    private @Nullable Loading loading;

    /** An image that is being loaded. */
    private static final class Loading {
        private final EntryPath place;
        private final ImageDocument document;
        private final Set<String> unneeded;
        private final TarUpload upload;
        private final Map<String, Long> sizes = new HashMap<>();

        Loading(EntryPath place, ImageDocument document, Set<String> unneeded, TarUpload upload) {
            this.place = place;
            this.document = document;
            this.unneeded = unneeded;
            this.upload = upload;
        }

        String identity() {
            return document.image().identity();
        }

        Set<String> ids() throws IOException {
            Set<String> ids = new HashSet<>(document.image().ids());
            document.content().targetDigest().ifPresent(ids::add);
            return ids;
        }
    }

    public ImageLoader(EngineClient client, RestoreRequest request) {
        this.client = client;
        this.images = new Images(client);
        this.request = request;
    }

    /** Offers an entry whose path begins with {@code images/<digest>}. */
    public boolean offer(Entry entry) {
        List<String> below = below(entry.path());
        if (below.equals(List.of("image.json"))) {
            return true;
        }
        Loading current = loading;
        if (current == null || !entry.isFile()) {
            return false;
        }
        if (isBlob(below)) {
            String digest = "sha256:" + below.get(3);
            current.sizes.put(digest, entry.size().orElse(0));
            return !current.unneeded.contains(digest);
        }
        return below.equals(List.of("layout", "oci-layout"));
    }

    /** The path within the directory of the image. */
    private static List<String> below(EntryPath path) {
        return path.segments().stream().skip(2).map(Object::toString).toList();
    }

    private static boolean isBlob(List<String> below) {
        return below.size() == 4 && below.subList(0, 3).equals(List.of("layout", "blobs", "sha256"));
    }

    /** Receives the content of an entry that was requested. */
    public void content(Entry entry, InputStream in) throws IOException {
        List<String> below = below(entry.path());
        if (below.equals(List.of("image.json"))) {
            begin(entry.path().parent(), ImageDocument.from(SnapshotLayout.read(entry.path(), in)));
            return;
        }
        Loading current = loading;
        if (current == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not requested");
        }
        if (isBlob(below)) {
            long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
            blob(current, below.get(3), in, size);
        } else {
            finish(current);
        }
    }

    private void blob(Loading current, String hex, InputStream in, long size) throws IOException {
        String name = "blobs/sha256/" + hex;
        boolean layer = current.document.content().layers().contains("sha256:" + hex);
        if (!layer || readsZstd()) {
            write(current, name, in, size);
            return;
        }
        try (PlainLayer plain = PlainLayer.of(in, size)) {
            write(current, name, plain.content(), plain.size());
        }
    }

    /** Docker does from 23.0 on. */
    private boolean readsZstd() throws IOException {
        return client.info().product() != Product.DOCKER
                || client.info().apiVersion().isAtLeast(ZSTD);
    }

    private void begin(EntryPath place, ImageDocument document) throws IOException {
        ImageSpec image = document.image();
        Optional<ImageSpec> same = images.findSame(image);
        if (same.isPresent() && (request.dryRun() || isSound(place, image, same.get()))) {
            here.put(image.identity(), same.get().id());
            return;
        }
        request.listener().changed(new RestoreChange(place, RestoreChange.Action.CREATE));
        if (request.dryRun()) {
            toLoad.add(image.identity());
            return;
        }
        loading = new Loading(
                place,
                document,
                new PresentLayers(client).of(document),
                new TarUpload(client, Request.Method.POST, "/images/load?quiet=1", "load image " + image.id()));
    }

    /**
     * An image without a name may be what a restore has left that was killed before it had proven it. Then it is proven
     * and named now, or removed.
     */
    private boolean isSound(EntryPath place, ImageSpec captured, ImageSpec there) throws IOException {
        boolean unproven = there.tags().isEmpty()
                && !captured.tags().isEmpty()
                && client.info().store() == Store.CONTAINERD;
        if (!unproven || !there.platform().equals(enginePlatform())) {
            return true;
        }
        if (HelperContainer.disproof(client, there.id()).isPresent()) {
            UninterruptibleCleanup.run(() -> images.remove(there.id()));
            return false;
        }
        for (String tag : freeTags(place, captured, there.id())) {
            images.tag(there.id(), tag);
        }
        return true;
    }

    private String enginePlatform() throws IOException {
        return client.info().os() + "/" + client.info().architecture();
    }

    private static void write(Loading current, String name, InputStream in, long size) throws IOException {
        Entry member = Entry.file(EntryPath.of(name), size, SnapshotLayout.attributes(0644));
        current.upload.write(TarHeaders.of(member, size));
        current.upload.writeContent(in, size);
    }

    private static void write(Loading current, String name, byte[] content) throws IOException {
        write(current, name, new ByteArrayInputStream(content), content.length);
    }

    private void finish(Loading current) throws IOException {
        JsonObject target = target(current);
        List<String> layers = new ArrayList<>();
        for (String layer : current.document.content().layers()) {
            layers.add("blobs/sha256/" + SnapshotLayout.hex(layer));
        }
        JsonObject manifest = JsonObject.create()
                .put(
                        "Config",
                        "blobs/sha256/"
                                + SnapshotLayout.hex(current.document.content().config()))
                .put("RepoTags", List.of())
                .put("Layers", layers);
        List<String> digestNames = digestNames(current, target);
        if (client.info().product() != Product.PODMAN || !digestNames.isEmpty()) {
            // With an index Podman keeps the manifest, and cannot save it again if its media types are those of Docker.
            write(current, "index.json", OciLayout.index(target, digestNames).toBytes());
        }
        write(
                current,
                "manifest.json",
                ("[" + new String(manifest.toBytes(), StandardCharsets.UTF_8) + "]").getBytes(StandardCharsets.UTF_8));
        write(current, "oci-layout", OciLayout.MARKER);
        Set<String> ids = current.ids();
        ids.add(target.string("digest"));
        boolean wasThere = findAny(ids).isPresent();
        String answer = current.upload.finish();
        loading = null;
        String id = proven(current, ids, answer, wasThere);
        here.put(current.identity(), id);
        reportLostDigest(current, digestNames);
        for (String tag : freeTags(current.place, current.document.image(), id)) {
            images.tag(id, tag);
        }
    }

    private Optional<ImageSpec> findAny(Set<String> ids) throws IOException {
        for (String id : ids) {
            Optional<ImageSpec> found = images.find(id);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** The descriptor of the image's manifest or index; of a new manifest, if its engine kept none. */
    private static JsonObject target(Loading current) throws IOException {
        Optional<JsonObject> captured = current.document.content().target();
        if (captured.isPresent()) {
            return captured.get();
        }
        byte[] manifest = OciLayout.manifest(current.document.content(), current.sizes);
        JsonObject target = OciLayout.target(manifest);
        write(current, "blobs/sha256/" + SnapshotLayout.hex(target.string("digest")), manifest);
        return target;
    }

    /** Names by digest that this engine can have: a graph driver takes them only from a registry. */
    private List<String> digestNames(Loading current, JsonObject target) throws IOException {
        if (!keepsManifests()) {
            return List.of();
        }
        ImageSpec image = current.document.image();
        String suffix = "@" + target.string("digest");
        List<String> names = new ArrayList<>(image.tags());
        names.addAll(image.isPinned() ? image.digests() : List.of());
        return names.stream().filter(name -> name.endsWith(suffix)).distinct().toList();
    }

    private boolean keepsManifests() throws IOException {
        return client.info().store() == Store.CONTAINERD || client.info().product() == Product.PODMAN;
    }

    private void reportLostDigest(Loading current, List<String> kept) throws IOException {
        ImageSpec image = current.document.image();
        if (!image.isPinned() || !kept.isEmpty()) {
            return;
        }
        String cause = keepsManifests()
                ? "the engine that it was captured from did not give its manifest"
                : "this engine keeps no manifest of an image that does not come from a registry";
        request.listener()
                .problem(new Problem(
                        current.place,
                        Problem.Kind.DEGRADED,
                        "the image has lost its name " + String.join(", ", image.digests()) + ", since " + cause
                                + "; it has its id only"));
    }

    /**
     * Returns the id of an image that was loaded. What an engine answers to an image that is not whole differs, so the
     * proof is a container that is made of it.
     *
     * @throws DockerException if the engine did not load the image; it is removed
     */
    private String proven(Loading current, Set<String> ids, String answer, boolean wasThere) throws IOException {
        Optional<ImageSpec> loaded = findAny(ids);
        String refusal = answer.contains("errorDetail") || answer.contains("Error unpacking") ? answer : "";
        Optional<String> gone = new PresentLayers(client).gone(current.unneeded);
        if (gone.isPresent()) {
            refusal = "its layer " + gone.get() + " was removed from the engine meanwhile; restore again";
        }
        if (loaded.isPresent() && refusal.isEmpty() && loaded.get().platform().equals(enginePlatform())) {
            refusal = HelperContainer.disproof(client, loaded.get().id()).orElse("");
        }
        if (loaded.isPresent() && refusal.isEmpty()) {
            return loaded.get().id();
        }
        DockerException failure = new DockerException(
                DockerException.Kind.REFUSED,
                "the engine did not load image " + current.document.image().id() + ": "
                        + (refusal.isEmpty() ? answer : refusal).strip());
        if (loaded.isPresent() && !wasThere) {
            try {
                UninterruptibleCleanup.run(() -> removeUnnamed(loaded.get()));
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
        throw failure;
    }

    /** With a tag it is not ours: another client has loaded or tagged the same image meanwhile. */
    private void removeUnnamed(ImageSpec image) throws IOException {
        if (!image.tags().stream().allMatch(tag -> tag.contains("@"))) {
            return;
        }
        for (String name : image.tags()) {
            images.remove(name);
        }
        if (images.find(image.id()).isPresent()) {
            images.remove(image.id());
        }
    }

    /** Returns the tags that may be set. A tag that the engine uses for another image is not moved. */
    private List<String> freeTags(EntryPath place, ImageSpec captured, String id) throws IOException {
        List<String> free = new ArrayList<>();
        for (String tag : captured.tags()) {
            if (tag.contains("@")) {
                continue;
            }
            Optional<ImageSpec> holder = images.find(tag);
            if (holder.isEmpty()) {
                free.add(tag);
            } else if (!holder.get().id().equals(id)) {
                request.listener()
                        .problem(new Problem(
                                place,
                                Problem.Kind.DEGRADED,
                                "tag " + tag + " belongs to another image on this engine and is not moved"));
            }
        }
        return free;
    }

    /** Returns the id that an image of the snapshot has on this engine; empty if it is not there. */
    public Optional<String> idOf(ImageSpec captured) {
        return Optional.ofNullable(here.get(captured.identity()));
    }

    /** Whether a dry run would load an image. */
    public boolean wouldLoad(ImageSpec captured) {
        return toLoad.contains(captured.identity());
    }

    @Override
    public void close() {
        if (loading != null) {
            loading.upload.close();
        }
    }
}
