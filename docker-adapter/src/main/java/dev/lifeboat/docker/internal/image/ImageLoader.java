package dev.lifeboat.docker.internal.image;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.ApiVersion;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.transfer.TarUpload;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarHeaders;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.oci.internal.image.OciLayout;
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

    /** Images that are loaded together: one, or all of a capture that shares their blobs. */
    private static final class Loading {
        private final List<LoadedImage> images = new ArrayList<>();
        private final TarUpload upload;
        private final Map<String, Long> sizes = new HashMap<>();

        Loading(TarUpload upload) {
            this.upload = upload;
        }

        boolean needs(String digest) {
            return images.stream().anyMatch(image -> image.needed().contains(digest));
        }

        boolean hasLayer(String digest) {
            return images.stream()
                    .anyMatch(image -> image.document().content().layers().contains(digest));
        }
    }

    /**
     * An image that is being loaded.
     *
     * @param needed digests of the blobs that the engine has to be sent
     * @param unneeded digests of the blobs that it has
     */
    private record LoadedImage(EntryPath place, ImageDocument document, Set<String> needed, Set<String> unneeded) {
        String identity() {
            return document.image().identity();
        }

        Set<String> ids(JsonObject target) throws IOException {
            Set<String> ids = new HashSet<>(document.image().ids());
            ids.add(target.string("digest"));
            return ids;
        }
    }

    public ImageLoader(EngineClient client, RestoreRequest request) {
        this.client = client;
        this.images = new Images(client);
        this.request = request;
    }

    /** Offers an entry below {@code images/}. */
    public boolean offer(Entry entry) {
        if (ImageLayout.isDocument(entry.path())) {
            return true;
        }
        Loading current = loading;
        if (current == null || !entry.isFile()) {
            return false;
        }
        Optional<String> blob = ImageLayout.blobAt(entry.path());
        if (blob.isPresent()) {
            current.sizes.put(blob.get(), entry.size().orElse(0));
            return current.needs(blob.get());
        }
        return ImageLayout.isMarker(entry.path());
    }

    /** Receives the content of an entry that was requested. */
    public void content(Entry entry, InputStream in) throws IOException {
        if (ImageLayout.isDocument(entry.path())) {
            begin(entry.path().parent(), ImageDocument.from(SnapshotDocuments.read(entry.path(), in)));
            return;
        }
        Loading current = loading;
        if (current == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not requested");
        }
        Optional<String> blob = ImageLayout.blobAt(entry.path());
        if (blob.isPresent()) {
            long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
            blob(current, blob.get(), in, size);
        } else {
            finish(current);
        }
    }

    private void blob(Loading current, String digest, InputStream in, long size) throws IOException {
        String name = file(digest);
        if (!current.hasLayer(digest) || readsZstd()) {
            write(current, name, in, size);
            return;
        }
        try (PlainLayer plain = PlainLayer.of(in, size)) {
            write(current, name, plain.content(), plain.size());
        }
    }

    private static String file(String digest) {
        return "blobs/sha256/" + ImageLayout.hex(digest);
    }

    /** Docker does from 23.0 on. */
    private boolean readsZstd() throws IOException {
        return client.info().product() != Product.DOCKER
                || client.info().apiVersion().isAtLeast(ZSTD);
    }

    private void begin(EntryPath place, ImageDocument document) throws IOException {
        ImageSpec image = document.image();
        if (document.artifact()) {
            request.listener()
                    .problem(new Problem(
                            place,
                            Problem.Kind.SKIPPED,
                            "no container can be made of it: it is an artifact of a registry, such as a signature, and"
                                    + " comes back when the snapshot is pushed to a registry"));
            return;
        }
        String os = client.info().os();
        if (!image.platform().isEmpty() && !image.platform().startsWith(os + "/")) {
            request.listener()
                    .problem(new Problem(
                            place,
                            Problem.Kind.SKIPPED,
                            "the image is for " + image.platform() + ", and the engine runs containers of " + os));
            return;
        }
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
        reportOtherPlatform(place, document);
        if (loading == null) {
            loading = new Loading(
                    new TarUpload(client, Request.Method.POST, "/images/load?quiet=1", "load image " + image.id()));
        }
        Set<String> unneeded = new PresentLayers(client).of(document);
        Set<String> needed = new HashSet<>(readBlobs(document));
        needed.removeAll(unneeded);
        loading.images.add(new LoadedImage(place, document, needed, unneeded));
    }

    /** An engine that keeps no index loads the platform that was chosen where the snapshot was made. */
    private void reportOtherPlatform(EntryPath place, ImageDocument document) throws IOException {
        Optional<JsonObject> target = document.content().target();
        boolean several = target.isPresent() && OciLayout.isIndex(target.get());
        String platform = document.image().platform();
        if (several && !keepsManifests() && !platform.equals(enginePlatform())) {
            request.listener()
                    .problem(new Problem(
                            place,
                            Problem.Kind.DEGRADED,
                            "this engine keeps no image of several platforms, and gets that of " + platform + ", though"
                                    + " it is of " + enginePlatform() + "; capture the image with platforms(..)"));
        }
    }

    /** A graph driver reads what its platform uses, and ignores the rest. */
    private Set<String> readBlobs(ImageDocument document) throws IOException {
        if (keepsManifests()) {
            return document.content().blobs();
        }
        Set<String> used = new HashSet<>(document.content().layers());
        used.add(document.content().config());
        return used;
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
        Entry member = Entry.file(EntryPath.of(name), size, SnapshotDocuments.attributes(0644));
        current.upload.write(TarHeaders.of(member, size));
        current.upload.writeContent(in, size);
    }

    private static void write(Loading current, String name, byte[] content) throws IOException {
        write(current, name, new ByteArrayInputStream(content), content.length);
    }

    private void finish(Loading current) throws IOException {
        List<JsonObject> targets = new ArrayList<>();
        List<String> manifests = new ArrayList<>();
        List<@Nullable Object> descriptors = new ArrayList<>();
        boolean pinned = false;
        for (LoadedImage image : current.images) {
            JsonObject target = target(current, image);
            targets.add(target);
            JsonObject manifest = JsonObject.create()
                    .put("Config", file(image.document().content().config()))
                    .put("RepoTags", List.of())
                    .put(
                            "Layers",
                            image.document().content().layers().stream()
                                    .map(ImageLoader::file)
                                    .toList());
            manifests.add(new String(manifest.toBytes(), StandardCharsets.UTF_8));
            List<String> digestNames = digestNames(image, target, current.images.size());
            pinned |= !digestNames.isEmpty();
            descriptors.addAll(OciLayout.index(target, digestNames).list("manifests"));
        }
        if (client.info().product() != Product.PODMAN || pinned) {
            // With an index Podman keeps the manifest, and cannot save it again if its media types are those of Docker.
            write(current, "index.json", OciLayout.index(descriptors).toBytes());
        }
        write(current, "manifest.json", ("[" + String.join(",", manifests) + "]").getBytes(StandardCharsets.UTF_8));
        write(current, "oci-layout", OciLayout.MARKER);
        List<Boolean> wereThere = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            wereThere.add(findAny(current.images.get(i).ids(targets.get(i))).isPresent());
        }
        String answer = current.upload.finish();
        loading = null;
        List<IOException> failures = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            LoadedImage image = current.images.get(i);
            try {
                loaded(current, image, targets.get(i), answer, wereThere.get(i));
            } catch (DockerException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            failures.stream().skip(1).forEach(failures.get(0)::addSuppressed);
            throw failures.get(0);
        }
    }

    private void loaded(Loading current, LoadedImage image, JsonObject target, String answer, boolean wasThere)
            throws IOException {
        String id = proven(image, image.ids(target), answer, wasThere, current.images.size() == 1);
        here.put(image.identity(), id);
        reportLostDigest(image, digestNames(image, target, current.images.size()));
        for (String tag : freeTags(image.place(), image.document().image(), id)) {
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
    private static JsonObject target(Loading current, LoadedImage image) throws IOException {
        Optional<JsonObject> captured = image.document().content().target();
        if (captured.isPresent()) {
            return captured.get();
        }
        byte[] manifest = OciLayout.manifest(image.document().content(), current.sizes);
        JsonObject target = OciLayout.target(manifest);
        write(current, file(target.string("digest")), manifest);
        return target;
    }

    /** Names by digest that this engine can have: a graph driver takes them only from a registry. */
    private List<String> digestNames(LoadedImage loaded, JsonObject target, int together) throws IOException {
        // Podman reads the manifests of one image only.
        boolean kept = keepsManifests() && (together == 1 || client.info().product() != Product.PODMAN);
        if (!kept) {
            return List.of();
        }
        ImageSpec image = loaded.document().image();
        String suffix = "@" + target.string("digest");
        List<String> names = new ArrayList<>(image.tags());
        names.addAll(image.isPinned() ? image.digests() : List.of());
        return names.stream().filter(name -> name.endsWith(suffix)).distinct().toList();
    }

    private boolean keepsManifests() throws IOException {
        return client.info().store() == Store.CONTAINERD || client.info().product() == Product.PODMAN;
    }

    private void reportLostDigest(LoadedImage loaded, List<String> kept) throws IOException {
        ImageSpec image = loaded.document().image();
        if (!image.isPinned() || !kept.isEmpty()) {
            return;
        }
        String cause = keepsManifests() && loaded.document().content().target().isPresent()
                ? "Podman keeps the manifest of an image only if it is loaded alone"
                : keepsManifests()
                        ? "the engine that it was captured from did not give its manifest"
                        : "this engine keeps no manifest of an image that does not come from a registry";
        request.listener()
                .problem(new Problem(
                        loaded.place(),
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
    private String proven(LoadedImage image, Set<String> ids, String answer, boolean wasThere, boolean alone)
            throws IOException {
        Optional<ImageSpec> loaded = findAny(ids);
        String refusal = answer.contains("errorDetail") || answer.contains("Error unpacking") ? answer : "";
        Optional<String> gone = new PresentLayers(client).gone(image.unneeded());
        if (gone.isPresent()) {
            refusal = "its layer " + gone.get() + " was removed from the engine meanwhile; restore again";
        }
        boolean provable = loaded.isPresent() && loaded.get().platform().equals(enginePlatform());
        if (provable && !alone && refusal.equals(answer)) {
            // The answer is about another image, or about this one, which the proof finds out.
            refusal = "";
        }
        if (provable && refusal.isEmpty()) {
            refusal = HelperContainer.disproof(client, loaded.get().id()).orElse("");
        }
        if (loaded.isPresent() && refusal.isEmpty()) {
            return loaded.get().id();
        }
        DockerException failure = new DockerException(
                DockerException.Kind.REFUSED,
                "the engine did not load image " + image.document().image().id() + ": "
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
