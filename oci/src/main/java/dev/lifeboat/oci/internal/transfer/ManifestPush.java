package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.OciLayout;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Pushes the manifests of images whose blobs are there: first what an index refers to, then the index, then tags. */
final class ManifestPush {
    private final RegistryClient client;
    private final Documents documents;
    private final RepositoryBlobs blobs;
    private final RestoreRequest.Listener listener;
    /** What was pushed, as {@code repository@digest}. */
    private final Set<String> pushed = new HashSet<>();

    ManifestPush(RegistryClient client, Documents documents, RepositoryBlobs blobs, RestoreRequest.Listener listener) {
        this.client = client;
        this.documents = documents;
        this.blobs = blobs;
        this.listener = listener;
    }

    /** Pushes the manifests of an image under its names. */
    void push(PushedImage image) throws IOException {
        Optional<String> lacking = lacking(image);
        if (lacking.isPresent()) {
            listener.problem(new Problem(image.place(), Problem.Kind.FAILED, image.lacking(lacking.get())));
            return;
        }
        for (ImageName name : image.names()) {
            Descriptor top = image.target();
            boolean whole = true;
            Manifest manifest = manifest(image, top);
            for (Descriptor child : manifest.children()) {
                whole &= pushChild(image, name.repository(), child);
            }
            if (whole) {
                put(name.repository(), name.tag().orElse(top.digest()), manifest);
            } else {
                putPartial(image, name, manifest);
            }
        }
    }

    private Manifest manifest(PushedImage image, Descriptor descriptor) throws IOException {
        byte[] bytes = documents.find(descriptor.digest()).orElseThrow(() -> image.lacks(descriptor.digest()));
        return PushedImage.manifest(descriptor, bytes);
    }

    /** Returns a blob that the snapshot should have and that is not in all repositories of the image. */
    private Optional<String> lacking(PushedImage image) throws IOException {
        if (documents.find(image.target().digest()).isEmpty()) {
            return Optional.of(image.target().digest());
        }
        for (String digest : image.manifests(documents)) {
            Manifest manifest = PushedImage.manifest(
                    Descriptor.of(OciLayout.descriptor("", digest, 0)),
                    documents.find(digest).orElseThrow());
            for (Descriptor child : manifest.children()) {
                if (image.has(child.digest()) && documents.find(child.digest()).isEmpty()) {
                    return Optional.of(child.digest());
                }
            }
            for (Descriptor part : manifest.parts()) {
                for (String repository : image.repositories()) {
                    if (!part.isForeign() && !blobs.isKnown(repository, part.digest())) {
                        return Optional.of(part.digest());
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Pushes a manifest that an index refers to. Returns false if the snapshot does not have all of it. */
    private boolean pushChild(PushedImage image, String repository, Descriptor descriptor) throws IOException {
        Optional<byte[]> bytes = documents.find(descriptor.digest());
        if (bytes.isEmpty()) {
            return client.findDigest(repository, descriptor.digest()).isPresent();
        }
        Manifest manifest = PushedImage.manifest(descriptor, bytes.get());
        boolean whole = true;
        for (Descriptor child : manifest.children()) {
            whole &= pushChild(image, repository, child);
        }
        put(repository, descriptor.digest(), manifest);
        return whole;
    }

    private void put(String repository, String reference, Manifest manifest) throws IOException {
        if (!pushed.add(repository + "@" + reference)) {
            return;
        }
        Optional<String> there = client.findDigest(repository, reference);
        boolean entered = false;
        if (!there.equals(Optional.of(manifest.digest()))) {
            entered = client.putManifest(repository, reference, manifest);
        }
        Optional<String> subject = manifest.subject();
        // Also if it was there already: whoever pushed it may not have come to enter it.
        if (subject.isPresent() && !entered) {
            refer(repository, subject.get(), manifest);
        }
    }

    /**
     * An index of which the snapshot has some platforms only. Some registries take it as it is, and it keeps its
     * digest; for the others it is written anew.
     */
    private void putPartial(PushedImage image, ImageName name, Manifest index) throws IOException {
        try {
            put(name.repository(), name.tag().orElse(index.digest()), index);
            return;
        } catch (RegistryException e) {
            boolean rejected =
                    e.kind() == RegistryException.Kind.REFUSED || e.kind() == RegistryException.Kind.NOT_FOUND;
            if (!rejected) {
                throw e;
            }
            if (name.tag().isEmpty()) {
                listener.problem(new Problem(
                        image.place(),
                        Problem.Kind.FAILED,
                        "the snapshot has some platforms of " + image.label() + " only, and the registry takes no index"
                                + " that lacks some: " + e.getMessage()));
                return;
            }
        }
        pushed.remove(name.repository() + "@" + name.tag().get());
        List<@Nullable Object> kept = new ArrayList<>();
        for (Descriptor child : index.children()) {
            if (documents.find(child.digest()).isPresent()) {
                kept.add(child.json().members());
            }
        }
        byte[] bytes = index.json().copy().put("manifests", kept).toBytes();
        Manifest partial = new Manifest(index.mediaType(), VerifiedBlob.digest(bytes), bytes);
        put(name.repository(), name.tag().get(), partial);
        listener.problem(new Problem(
                image.place(),
                Problem.Kind.DEGRADED,
                "the snapshot has some platforms of " + image.label() + " only, and the registry takes no index that"
                        + " lacks some; " + name + " refers to a new index, " + partial.digest()));
    }

    /** Enters a referrer for a registry that does not do it: distribution-spec 1.1, "Referrers Tag Schema". */
    private void refer(String repository, String subject, Manifest referrer) throws IOException {
        for (Descriptor known : client.referrers(repository, subject)) {
            if (known.digest().equals(referrer.digest())) {
                return;
            }
        }
        String tag = RegistryClient.fallbackTag(subject);
        Optional<Manifest> there = client.findManifest(repository, tag);
        List<@Nullable Object> all = new ArrayList<>();
        if (there.isPresent()) {
            for (Descriptor known : there.get().children()) {
                all.add(known.json().members());
            }
        }
        JsonObject json = referrer.json();
        JsonObject entry = referrer.descriptor();
        Optional<String> type = json.optionalString("artifactType");
        if (type.isEmpty() && json.has("config")) {
            type = json.object("config").optionalString("mediaType");
        }
        entry.put("artifactType", type);
        if (json.has("annotations")) {
            entry.put("annotations", json.object("annotations"));
        }
        all.add(entry.members());
        byte[] bytes = OciLayout.index(all).toBytes();
        client.putManifest(repository, tag, new Manifest(OciLayout.INDEX, VerifiedBlob.digest(bytes), bytes));
    }
}
