package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.oci.internal.image.OciLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** An image of a snapshot that is being pushed. Used by one thread. */
final class PushedImage {
    private final RegistryClient client;
    private final EntryPath place;
    private final ImageDocument document;
    private final Map<String, Long> sizes = new HashMap<>();
    /** Descriptors of the layers that were compressed, by the digests of the uncompressed ones. */
    private final Map<String, JsonObject> compressed = new HashMap<>();

    private List<ImageName> names;
    private Optional<Descriptor> target;

    PushedImage(RegistryClient client, EntryPath place, ImageDocument document, List<ImageName> names)
            throws IOException {
        this.client = client;
        this.place = place;
        this.document = document;
        this.names = List.copyOf(names);
        Optional<JsonObject> kept = document.content().target();
        this.target = kept.isPresent() ? Optional.of(Descriptor.of(kept.get())) : Optional.empty();
    }

    EntryPath place() {
        return place;
    }

    ImageSpec spec() {
        return document.image();
    }

    ImageContent content() {
        return document.content();
    }

    /** How messages name it. */
    String label() {
        return document.image().tags().isEmpty()
                ? document.image().id()
                : String.join(", ", document.image().tags());
    }

    /** Whether it had a tag where it was captured. */
    boolean isTagged() {
        return !document.image().tags().isEmpty();
    }

    List<ImageName> names() {
        return names;
    }

    /** From now on it is pushed by its digest only. */
    void dropTags() {
        names = names.stream()
                .map(name -> new ImageName(name.repository(), Optional.empty(), Optional.empty()))
                .distinct()
                .toList();
    }

    Set<String> repositories() {
        Set<String> repositories = new LinkedHashSet<>();
        names.forEach(name -> repositories.add(name.repository()));
        return repositories;
    }

    /** Whether a blob is a part of it. */
    boolean has(String digest) {
        return document.content().blobs().contains(digest);
    }

    /** Whether a blob is known to be the configuration or a layer of it. */
    boolean isPart(String digest) {
        return !document.artifact()
                && (content().config().equals(digest) || content().layers().contains(digest));
    }

    /** Whether a blob is a layer of it that is compressed first: its engine kept no manifest, and no compressed one. */
    boolean compresses(String digest) {
        return document.content().target().isEmpty()
                && document.content().layers().contains(digest);
    }

    void offered(String digest, long size) {
        if (has(digest)) {
            sizes.put(digest, size);
        }
    }

    void compressed(String digest, JsonObject descriptor) {
        compressed.put(digest, descriptor);
    }

    /**
     * Whether the registry has the image under all its names, though with a manifest that the snapshot does not have.
     */
    boolean isSameThere() throws IOException {
        if (target.isPresent()) {
            return false;
        }
        for (ImageName name : names) {
            Optional<Manifest> there = client.findManifest(name.repository(), name.reference());
            boolean same = there.isPresent()
                    && there.get()
                            .config()
                            .filter(config -> config.digest().equals(content().config()))
                            .isPresent()
                    && there.get().layers().size() == content().layers().size();
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /** What pushing it changes. */
    List<RestoreChange> changes() throws IOException {
        List<RestoreChange> changes = new ArrayList<>();
        for (ImageName name : names) {
            Optional<String> there = name.tag().isPresent()
                    ? client.findDigest(name.repository(), name.tag().get())
                    : target.isPresent()
                            ? client.findDigest(name.repository(), target.get().digest())
                            : Optional.empty();
            if (there.isEmpty()) {
                changes.add(new RestoreChange(place, RestoreChange.Action.CREATE));
            } else if (target.isEmpty() || !there.get().equals(target.get().digest())) {
                changes.add(new RestoreChange(place, RestoreChange.Action.REPLACE));
            }
        }
        return changes;
    }

    /** Writes the manifest if its engine kept none. */
    void build(Documents documents) throws IOException {
        if (target.isPresent()) {
            return;
        }
        List<JsonObject> layers = new ArrayList<>();
        for (String layer : content().layers()) {
            JsonObject descriptor = compressed.get(layer);
            if (descriptor == null) {
                throw lacks(layer);
            }
            layers.add(descriptor);
        }
        Long configSize = sizes.get(content().config());
        if (configSize == null) {
            throw lacks(content().config());
        }
        byte[] manifest = OciLayout.manifest(content().config(), configSize, layers);
        JsonObject descriptor = OciLayout.target(manifest);
        target = Optional.of(Descriptor.of(descriptor));
        documents.add(descriptor.string("digest"), manifest);
    }

    String lacking(String digest) {
        return "image " + label() + " is not pushed: the snapshot lacks its blob " + digest;
    }

    IOException lacks(String digest) {
        return new IOException(lacking(digest));
    }

    /** The manifest or index; of one that was built, only after {@link #build}. */
    Descriptor target() {
        return target.orElseThrow();
    }

    /** Returns the digests of its manifests and indexes, as far as the snapshot has them. */
    Set<String> manifests(Documents documents) throws IOException {
        Set<String> found = new LinkedHashSet<>();
        collect(target(), documents, found);
        return found;
    }

    private void collect(Descriptor descriptor, Documents documents, Set<String> found) throws IOException {
        Optional<byte[]> bytes = documents.find(descriptor.digest());
        if (bytes.isPresent() && found.add(descriptor.digest())) {
            for (Descriptor child : manifest(descriptor, bytes.get()).children()) {
                collect(child, documents, found);
            }
        }
    }

    /** Whether it is about another manifest, as a signature is. */
    boolean isReferrer(Documents documents) throws IOException {
        Optional<byte[]> bytes = documents.find(target().digest());
        return bytes.isPresent() && manifest(target(), bytes.get()).subject().isPresent();
    }

    static Manifest manifest(Descriptor descriptor, byte[] bytes) {
        return new Manifest(descriptor.mediaType(), descriptor.digest(), bytes);
    }
}
