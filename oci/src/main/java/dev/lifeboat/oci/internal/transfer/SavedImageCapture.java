package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.oci.internal.image.OciLayout;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sends the images of a tar to a sink, with one OCI image layout for all. */
public final class SavedImageCapture {
    private final TarSource tar;

    /** Creates a capture, for one use. */
    public SavedImageCapture(TarSource tar) {
        this.tar = tar;
    }

    /** Sends all images. */
    public void sendTo(FidelityRecorder sink, JsonObject app) throws IOException {
        SavedImageIndex index = new SavedImageIndex();
        try (InputStream in = tar.open()) {
            index.read(in);
        }
        SortedMap<String, ImageDocument> images = new TreeMap<>();
        List<String> partial = new ArrayList<>();
        for (ImageDocument image : index.images(partial::add)) {
            images.merge(image.image().id(), image, SavedImageIndex::withNamesOfBoth);
        }
        if (images.isEmpty() && !partial.isEmpty()) {
            throw new DamagedException(tar.name() + " does not have all blobs of " + String.join(", ", partial));
        }
        for (String digest : partial) {
            sink.report(new Problem(
                    ImageLayout.image(digest),
                    Problem.Kind.SKIPPED,
                    "the tar lists it, and does not have all blobs of it"));
        }
        if (images.isEmpty()) {
            throw new DamagedException(tar.name() + " has no images: it has neither a manifest.json nor an index.json");
        }
        SnapshotDocuments.directory(sink, ImageLayout.IMAGES);
        SortedMap<String, Long> blobs = new TreeMap<>();
        List<@Nullable Object> descriptors = new ArrayList<>();
        for (Map.Entry<String, ImageDocument> image : images.entrySet()) {
            EntryPath place = ImageLayout.image(image.getKey());
            ImageDocument document = image.getValue();
            sink.note(place, tar.name());
            SnapshotDocuments.directory(sink, place);
            SnapshotDocuments.send(sink, ImageLayout.document(place), document.toBytes());
            for (String blob : document.content().blobs()) {
                blobs.put(blob, index.size(blob));
            }
            Optional<JsonObject> target = document.content().target();
            if (target.isPresent()) {
                descriptors.addAll(
                        OciLayout.index(target.get(), document.image().tags()).list("manifests"));
            }
        }
        sendBlobs(sink, index, blobs, descriptors);
        sink.sendDocuments(app);
    }

    private void sendBlobs(
            FidelityRecorder sink,
            SavedImageIndex index,
            SortedMap<String, Long> blobs,
            List<@Nullable Object> descriptors)
            throws IOException {
        SnapshotDocuments.directory(sink, ImageLayout.SHARED);
        SnapshotDocuments.directory(sink, ImageLayout.SHARED.resolve("blobs"));
        SnapshotDocuments.directory(sink, ImageLayout.blobs(ImageLayout.SHARED));
        Map<String, Entry> wanted = new HashMap<>();
        for (Map.Entry<String, Long> blob : blobs.entrySet()) {
            Entry entry = Entry.file(
                            ImageLayout.blob(ImageLayout.SHARED, blob.getKey()),
                            blob.getValue(),
                            SnapshotDocuments.attributes(0644))
                    .withFingerprint(Optional.of(blob.getKey()));
            if (sink.offer(entry)) {
                wanted.put(blob.getKey(), entry);
            }
        }
        SnapshotDocuments.send(
                sink,
                ImageLayout.SHARED.resolve("index.json"),
                OciLayout.index(descriptors).toBytes());
        SnapshotDocuments.send(sink, ImageLayout.marker(ImageLayout.SHARED), OciLayout.MARKER);
        sink.offerDocuments();
        try (InputStream in = tar.open()) {
            TarReader members = TarReader.lenient(in);
            for (Optional<TarMember> next; !wanted.isEmpty() && (next = members.next()).isPresent(); ) {
                Io.checkInterrupt();
                send(sink, index, next.get(), wanted);
            }
        }
        if (!wanted.isEmpty()) {
            throw new IOException(tar.name() + " changed while it was read: it lacks " + wanted.keySet());
        }
    }

    private void send(FidelityRecorder sink, SavedImageIndex index, TarMember member, Map<String, Entry> wanted)
            throws IOException {
        Optional<String> digest =
                member.type() == EntryType.FILE ? index.digest(member.path().toString()) : Optional.empty();
        Entry entry = digest.isPresent() ? wanted.remove(digest.get()) : null;
        if (entry != null) {
            sink.content(
                    entry,
                    new VerifiedBlob(
                            member.content(),
                            digest.get(),
                            found -> new DamagedException(
                                    tar.name() + " has " + found + " under the name of " + digest.get())));
        }
    }
}
