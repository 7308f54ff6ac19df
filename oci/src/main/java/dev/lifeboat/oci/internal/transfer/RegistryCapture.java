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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sends images of a registry to a sink: the document of each, and one OCI image layout with the blobs of all. A blob
 * that several images have is pulled once, and one that the parent snapshot has is not pulled at all.
 */
public final class RegistryCapture {
    private static final int THREADS = 3;
    private static final int MAX_DEPTH = 4;

    private final RegistryClient client;
    private final ImageResolver resolver;
    private final boolean referrers;
    private final boolean localNames;
    private final boolean lenient;
    /** By digest. */
    private final SortedMap<String, Found> found = new TreeMap<>();

    private final ManifestCache manifests = new ManifestCache();
    /** What was found wrong before there was a sink to report it to. */
    private final List<Problem> problems = new ArrayList<>();

    /** An image and where it is. */
    private static final class Found {
        private final int depth;
        private final SortedSet<String> repositories = new TreeSet<>();
        private final SortedSet<String> tags = new TreeSet<>();
        private final SortedSet<String> digests = new TreeSet<>();

        /**
         * Creates one.
         *
         * @param depth 0 for what was asked for, more for what refers to it
         */
        Found(int depth) {
            this.depth = depth;
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
        this.resolver = new ImageResolver(client, platforms, manifests);
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
        Found image = add(name.repository(), digest.get(), 0);
        String prefix = localNames ? "" : client.name() + "/";
        name.tag().ifPresent(tag -> image.tags.add(prefix + name.repository() + ":" + tag));
        return true;
    }

    /** Adds the images of a repository whose tags a filter accepts. What cannot be looked up is reported. */
    public void addAll(String repository, Predicate<String> tags) throws IOException {
        lenient(ImageLayout.IMAGES, () -> {
            for (String tag : client.tags(repository)) {
                Optional<ImageName> name = ImageName.find(repository + ":" + tag);
                if (name.isEmpty()) {
                    problems.add(new Problem(
                            ImageLayout.IMAGES,
                            Problem.Kind.FAILED,
                            "repository " + repository + " has a tag whose name is not valid"));
                } else if (tags.test(tag)) {
                    // One that was deleted since it was listed is none that is there.
                    lenient(ImageLayout.IMAGES, () -> add(name.get()));
                }
            }
        });
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Does something; if the registry refuses it, that is a problem of some images and not of all. */
    private void lenient(EntryPath place, Step step) throws IOException {
        try {
            step.run();
        } catch (RegistryException e) {
            if (!lenient || e.kind() == RegistryException.Kind.UNREACHABLE) {
                throw e;
            }
            problems.add(new Problem(place, kind(e), String.valueOf(e.getMessage())));
        }
    }

    private Found add(String repository, String digest, int depth) {
        Found image = found.computeIfAbsent(digest, d -> new Found(depth));
        image.repositories.add(repository);
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
        Deque<String> left = new ArrayDeque<>(found.keySet());
        Set<String> seen = new HashSet<>(found.keySet());
        while (!left.isEmpty()) {
            Io.checkInterrupt();
            String digest = left.remove();
            Found image = Objects.requireNonNull(found.get(digest));
            Optional<Resolved> resolved = resolve(digest, image);
            if (resolved.isPresent()) {
                images.put(digest, resolved.get());
                for (String referrer : referrers ? referrersOf(image, resolved.get()) : List.<String>of()) {
                    if (seen.add(referrer)) {
                        left.add(referrer);
                    }
                }
            }
        }
        // Only now all names of each are known.
        images.replaceAll((digest, resolved) -> resolved.withNames(
                List.copyOf(Objects.requireNonNull(found.get(digest)).tags),
                List.copyOf(Objects.requireNonNull(found.get(digest)).digests)));
        for (Problem problem : problems) {
            sink.report(problem);
        }
        return images;
    }

    private Optional<Resolved> resolve(String digest, Found image) throws IOException {
        String repository = image.repositories.first();
        Resolved resolved;
        try {
            resolved = resolver.resolve(repository, digest);
        } catch (RegistryException e) {
            boolean listedOnly = image.depth > 0 && e.kind() == RegistryException.Kind.NOT_FOUND;
            if (!listedOnly && (!lenient || e.kind() == RegistryException.Kind.UNREACHABLE)) {
                throw e;
            }
            problems.add(new Problem(ImageLayout.image(digest), kind(e), String.valueOf(e.getMessage())));
            return Optional.empty();
        }
        for (String absent : resolved.absent()) {
            problems.add(new Problem(
                    ImageLayout.image(digest),
                    Problem.Kind.SKIPPED,
                    repository + " refers to what the registry does not have: " + absent));
        }
        return Optional.of(resolved);
    }

    private static Problem.Kind kind(RegistryException failure) {
        return switch (failure.kind()) {
            case NOT_FOUND -> Problem.Kind.VANISHED;
            case UNSUPPORTED -> Problem.Kind.SKIPPED;
            default -> Problem.Kind.FAILED;
        };
    }

    /** A signature may be signed in turn, though not for ever. */
    private List<String> referrersOf(Found image, Resolved resolved) throws IOException {
        List<String> digests = new ArrayList<>();
        if (image.depth >= MAX_DEPTH) {
            return digests;
        }
        for (String repository : image.repositories) {
            for (String manifest : resolved.manifests()) {
                lenient(ImageLayout.image(manifest), () -> {
                    for (Descriptor referrer : client.referrers(repository, manifest)) {
                        add(repository, referrer.digest(), image.depth + 1);
                        digests.add(referrer.digest());
                    }
                });
            }
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
        Optional<byte[]> known = manifests.find(digest);
        byte[] bytes = known.isPresent()
                ? known.get()
                : client.manifest(part.repository(), digest).bytes();
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
