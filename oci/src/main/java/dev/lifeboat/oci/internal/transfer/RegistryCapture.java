package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.OciLayout;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import dev.lifeboat.oci.internal.transfer.ImageResolver.Part;
import dev.lifeboat.oci.internal.transfer.ImageResolver.Resolved;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Sends images of a registry to a sink: the document of each, and one OCI image layout with the blobs of all. A blob
 * that several images have is pulled once, and one that the parent snapshot has is not pulled at all.
 */
public final class RegistryCapture {
    private static final int THREADS = 3;

    private final RegistryClient client;
    private final ImageResolver resolver;
    private final boolean referrers;
    private final boolean localNames;
    private final boolean lenient;
    /** By digest. */
    private final SortedMap<String, Found> found = new TreeMap<>();

    /** An image and where it is. */
    private static final class Found {
        private final String repository;
        private final SortedSet<String> tags = new TreeSet<>();
        private final SortedSet<String> digests = new TreeSet<>();

        Found(String repository) {
            this.repository = repository;
        }
    }

    /**
     * Creates a capture, for one use.
     *
     * @param platforms such as {@code linux/amd64}; empty for all
     * @param referrers whether signatures and other artifacts that refer to an image are captured with it
     * @param localNames whether images are named without the registry
     * @param lenient whether an image that cannot be captured is a problem, and does not end the capture
     */
    public RegistryCapture(
            RegistryClient client, Set<String> platforms, boolean referrers, boolean localNames, boolean lenient) {
        this.client = client;
        this.resolver = new ImageResolver(client, platforms);
        this.referrers = referrers;
        this.localNames = localNames;
        this.lenient = lenient;
    }

    /**
     * Adds an image.
     *
     * @return whether the registry has it
     */
    public boolean add(ImageName name) throws IOException {
        Optional<String> digest = client.findDigest(name.repository(), name.reference());
        if (digest.isEmpty()) {
            return false;
        }
        Found image = add(name.repository(), digest.get());
        String prefix = localNames ? "" : client.name() + "/";
        name.tag().ifPresent(tag -> image.tags.add(prefix + name.repository() + ":" + tag));
        return true;
    }

    private Found add(String repository, String digest) {
        Found image = found.computeIfAbsent(digest, d -> new Found(repository));
        image.digests.add(client.name() + "/" + repository + "@" + digest);
        return image;
    }

    /** Sends all that was added. */
    public void sendTo(FidelityRecorder sink, JsonObject app) throws IOException {
        SortedMap<String, Resolved> images = resolve(sink);
        SnapshotDocuments.directory(sink, ImageLayout.IMAGES);
        SortedMap<String, Part> parts = new TreeMap<>();
        for (Map.Entry<String, Resolved> image : images.entrySet()) {
            Resolved resolved = image.getValue();
            EntryPath place = ImageLayout.image(image.getKey());
            sink.note(place, "registry " + client.name());
            SnapshotDocuments.directory(sink, place);
            SnapshotDocuments.send(
                    sink,
                    ImageLayout.document(place),
                    new ImageDocument(resolved.spec(), resolved.content(), resolved.artifact()).toBytes());
            parts.putAll(resolved.parts());
        }
        SnapshotDocuments.directory(sink, ImageLayout.SHARED);
        SnapshotDocuments.directory(sink, ImageLayout.SHARED.resolve("blobs"));
        SnapshotDocuments.directory(sink, ImageLayout.blobs(ImageLayout.SHARED));
        Map<Entry, String> wanted = new LinkedHashMap<>();
        for (Map.Entry<String, Part> part : parts.entrySet()) {
            Io.checkInterrupt();
            // The name is a digest, so equal names mean equal content, regardless of the time.
            Entry entry = Entry.file(
                            ImageLayout.blob(ImageLayout.SHARED, part.getKey()),
                            part.getValue().size(),
                            SnapshotDocuments.attributes(0644))
                    .withFingerprint(Optional.of(part.getKey()));
            if (sink.offer(entry)) {
                if (sink.requiresInlineContent()) {
                    send(sink, entry, part.getKey(), part.getValue());
                } else {
                    wanted.put(entry, part.getKey());
                }
            }
        }
        SnapshotDocuments.send(
                sink, ImageLayout.SHARED.resolve("index.json"), index(images).toBytes());
        SnapshotDocuments.send(sink, ImageLayout.marker(ImageLayout.SHARED), OciLayout.MARKER);
        sink.offerDocuments();
        try (Workers workers = new Workers(THREADS, "lifeboat-pull")) {
            for (Map.Entry<Entry, String> blob : wanted.entrySet()) {
                Part part = parts.get(blob.getValue());
                if (part != null) {
                    workers.run(() -> send(sink, blob.getKey(), blob.getValue(), part));
                }
            }
            workers.await();
        }
        sink.sendDocuments(app);
    }

    private SortedMap<String, Resolved> resolve(FidelityRecorder sink) throws IOException {
        SortedMap<String, Resolved> images = new TreeMap<>();
        Set<String> asked = new HashSet<>();
        Deque<String> left = new ArrayDeque<>(found.keySet());
        while (!left.isEmpty()) {
            Io.checkInterrupt();
            String digest = left.remove();
            Found image = found.get(digest);
            if (image == null || images.containsKey(digest)) {
                continue;
            }
            Resolved resolved;
            try {
                resolved =
                        resolver.resolve(image.repository, digest, List.copyOf(image.tags), List.copyOf(image.digests));
            } catch (RegistryException e) {
                if (!lenient || e.kind() == RegistryException.Kind.UNREACHABLE) {
                    throw e;
                }
                sink.report(new Problem(ImageLayout.image(digest), kind(e), String.valueOf(e.getMessage())));
                continue;
            }
            images.put(digest, resolved);
            for (String layer : resolved.foreign()) {
                sink.report(new Problem(
                        ImageLayout.image(digest),
                        Problem.Kind.SKIPPED,
                        "layer " + layer + " of " + image.repository
                                + " is not in the registry, since its license does not allow that"));
            }
            if (referrers) {
                for (String manifest : resolved.manifests()) {
                    if (asked.add(image.repository + "@" + manifest)) {
                        left.addAll(referrersOf(image.repository, manifest));
                    }
                }
            }
        }
        return images;
    }

    private static Problem.Kind kind(RegistryException failure) {
        return switch (failure.kind()) {
            case NOT_FOUND -> Problem.Kind.VANISHED;
            case UNSUPPORTED -> Problem.Kind.SKIPPED;
            default -> Problem.Kind.FAILED;
        };
    }

    private List<String> referrersOf(String repository, String digest) throws IOException {
        List<String> digests = new ArrayList<>();
        for (Descriptor referrer : client.referrers(repository, digest)) {
            add(repository, referrer.digest());
            digests.add(referrer.digest());
        }
        return digests;
    }

    private void send(FidelityRecorder sink, Entry entry, String digest, Part part) throws IOException {
        RegistryException failure;
        try (VerifiedBlob in = open(digest, part)) {
            sink.content(entry, in);
            return;
        } catch (RegistryException e) {
            failure = e;
        }
        if (!lenient || failure.kind() == RegistryException.Kind.UNREACHABLE) {
            throw failure;
        }
        sink.report(new Problem(entry.path(), kind(failure), String.valueOf(failure.getMessage())));
    }

    private VerifiedBlob open(String digest, Part part) throws IOException {
        if (!part.manifest()) {
            return ImageResolver.verified(client, part.repository(), digest, part.size());
        }
        byte[] bytes = client.manifest(part.repository(), digest).bytes();
        return new VerifiedBlob(new ByteArrayInputStream(bytes), digest, other -> new IOException(other));
    }

    /** Names each image as {@code skopeo} and containerd do. */
    private static JsonObject index(SortedMap<String, Resolved> images) throws IOException {
        List<@Nullable Object> manifests = new ArrayList<>();
        for (Resolved image : images.values()) {
            JsonObject target = image.content().target().orElseThrow();
            manifests.addAll(OciLayout.index(target, image.spec().tags()).list("manifests"));
        }
        return OciLayout.index(manifests);
    }
}
