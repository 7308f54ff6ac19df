package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Pushes the images of a snapshot. A blob that a repository has is not requested. Manifests follow when all their blobs
 * are there, and tags follow last, so a tag never refers to an image that is not whole.
 */
public final class PushSession implements RestoreTarget.Session {
    private final RegistryClient client;
    private final PushNames names;
    private final RestoreRequest request;
    private final RepositoryBlobs blobs;
    private final Documents documents = new Documents();
    /** Images whose blobs are being received. */
    private final List<PushedImage> images = new ArrayList<>();
    /** Images whose blobs are there. Their manifests follow with the commit. */
    private final List<PushedImage> ready = new ArrayList<>();
    /** Documents that were found not to be manifests. */
    private final Set<String> pushedDocuments = new HashSet<>();
    /** The image that gets the name, of those that had one. */
    private Optional<String> chosen = Optional.empty();

    private boolean any;

    /** Begins a push. */
    public PushSession(RegistryClient client, PushNames names, RestoreRequest request) {
        this.client = client;
        this.names = names;
        this.request = request;
        this.blobs = new RepositoryBlobs(client);
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        if (ImageLayout.isDocument(entry.path())) {
            return true;
        }
        if (images.isEmpty() || !entry.isFile()) {
            return false;
        }
        if (ImageLayout.isMarker(entry.path())) {
            return true;
        }
        Optional<String> digest = ImageLayout.blobAt(entry.path());
        if (digest.isEmpty()) {
            return false;
        }
        long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
        images.forEach(image -> image.offered(digest.get(), size));
        // What may be a manifest is received in any case: some registries show manifests as blobs, too.
        boolean mayBeManifest = Documents.mayBe(size) && images.stream().noneMatch(image -> image.isPart(digest.get()));
        return mayBeManifest
                || isCompressed(digest.get())
                || !missing(digest.get(), !Documents.mayBe(size)).isEmpty();
    }

    private boolean isCompressed(String digest) {
        return images.stream().anyMatch(image -> image.compresses(digest));
    }

    /**
     * The repositories that lack a blob which is pushed to them.
     *
     * @param mount whether another repository may give it; one that may be a manifest is looked up only
     */
    private Set<String> missing(String digest, boolean mount) throws IOException {
        Set<String> repositories = new LinkedHashSet<>();
        Set<String> sources = new LinkedHashSet<>();
        for (PushedImage image : images) {
            if (image.has(digest)) {
                sources.addAll(PushNames.repositoriesIn(client.name(), image.spec()));
                if (!image.compresses(digest)) {
                    repositories.addAll(image.repositories());
                }
            }
        }
        Set<String> missing = new LinkedHashSet<>();
        for (String repository : repositories) {
            boolean there =
                    mount ? blobs.isThereOrMounted(repository, digest, sources) : blobs.isThere(repository, digest);
            if (!there) {
                missing.add(repository);
            }
        }
        return missing;
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        if (ImageLayout.isDocument(entry.path())) {
            any = true;
            add(entry.path().parent(), ImageDocument.from(SnapshotDocuments.read(entry.path(), in)));
            return;
        }
        Optional<String> digest = ImageLayout.blobAt(entry.path());
        if (digest.isPresent()) {
            blob(digest.get(), in, entry.size().orElse(Long.MAX_VALUE));
        } else {
            finish();
        }
    }

    private void add(EntryPath place, ImageDocument document) throws IOException {
        List<ImageName> targets = names.of(document.image());
        if (targets.isEmpty()) {
            request.listener()
                    .problem(new Problem(
                            place,
                            Problem.Kind.SKIPPED,
                            "image " + document.image().id() + " has no name and is not pushed; push(name) gives one"));
            return;
        }
        PushedImage image = new PushedImage(client, place, document, targets);
        if (names instanceof PushNames.One one && image.isTagged()) {
            if (chosen.isPresent()) {
                throw new IOException("the snapshot has several images, " + chosen.get() + " and " + image.label()
                        + ", and only one can become " + one.name() + "; push() pushes each under its own name");
            }
            chosen = Optional.of(image.label());
        }
        if (image.isSameThere()) {
            return;
        }
        image.changes().forEach(change -> request.listener().changed(change));
        if (!request.dryRun()) {
            images.add(image);
        }
    }

    private void blob(String digest, InputStream in, long size) throws IOException {
        if (Documents.mayBe(size)) {
            byte[] content = verified(in, digest).readAllBytes();
            if (Documents.isManifest(content)) {
                documents.add(digest, content);
            } else {
                upload(digest, Body.of(content));
            }
            return;
        }
        try (UnnamedFile spool = UnnamedFile.create("lifeboat-push-")) {
            // To disk, since a registry may have to be sent it again.
            long length = verified(in, digest).transferTo(spool.output());
            upload(digest, Body.of(length, () -> new BufferedInputStream(spool.input(), 1 << 16)));
        }
    }

    private static VerifiedBlob verified(InputStream in, String digest) {
        return new VerifiedBlob(
                in,
                digest,
                found -> new IOException("the snapshot has " + found + " for blob " + digest
                        + " of an image; it was captured so, and is not pushed"));
    }

    private void upload(String digest, Body content) throws IOException {
        for (String repository : missing(digest, true)) {
            blobs.upload(repository, digest, content);
        }
        if (isCompressed(digest)) {
            GzipLayer layer = GzipLayer.of(content);
            try (layer) {
                for (PushedImage image : images) {
                    if (image.compresses(digest)) {
                        image.compressed(digest, layer.descriptor());
                        for (String repository : image.repositories()) {
                            if (!blobs.isThereOrMounted(repository, layer.digest(), Set.of())) {
                                blobs.upload(repository, layer.digest(), layer.body());
                            }
                        }
                    }
                }
            }
        }
    }

    /** All blobs of the images were sent. */
    private void finish() throws IOException {
        Set<String> manifests = new LinkedHashSet<>();
        for (PushedImage image : images) {
            image.build(documents);
            manifests.addAll(image.manifests(documents));
        }
        // What looks like a manifest and is none.
        for (String digest : documents.others(manifests)) {
            if (images.stream().anyMatch(image -> image.has(digest)) && pushedDocuments.add(digest)) {
                upload(digest, Body.of(documents.find(digest).orElseThrow()));
            }
        }
        ready.addAll(images);
        images.clear();
    }

    private void pushManifests() throws IOException {
        chooseTagged();
        ManifestPush push = new ManifestPush(client, documents, blobs, request.listener());
        for (boolean referrers : new boolean[] {false, true}) {
            for (PushedImage image : ready) {
                if (image.isReferrer(documents) == referrers) {
                    push.push(image);
                }
            }
        }
    }

    /** Of the images that get one name, one gets its tag; what refers to it is found by its digest. */
    private void chooseTagged() throws IOException {
        if (!(names instanceof PushNames.One one)) {
            return;
        }
        List<PushedImage> chosen = ready.stream().filter(PushedImage::isTagged).toList();
        if (chosen.isEmpty()) {
            List<PushedImage> subjects = new ArrayList<>();
            for (PushedImage image : ready) {
                if (!image.isReferrer(documents)) {
                    subjects.add(image);
                }
            }
            chosen = subjects;
        }
        if (chosen.size() > 1) {
            throw new IOException("the snapshot has " + chosen.size() + " images, and only one can become " + one.name()
                    + "; push() pushes each under its own name");
        }
        for (PushedImage image : ready) {
            if (!chosen.contains(image)) {
                image.dropTags();
            }
        }
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public void commit() throws IOException {
        if (!any) {
            throw new IOException("the snapshot has no image; choose a snapshot of an image or of a registry, or one of"
                    + " containers captured with their images");
        }
        if (!images.isEmpty()) {
            throw new IOException("the snapshot ends within its images; nothing of "
                    + images.get(0).label() + " and those after it is named in the registry");
        }
        pushManifests();
    }

    /** Blobs that were pushed stay, without a name; the garbage collection of the registry removes them. */
    @Override
    public void close() {
        images.clear();
        ready.clear();
    }
}
