package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.layout.FidelityRecorder;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Captures an image as an OCI image layout (image-spec 1.0, "Image Layout"): {@code images/<digest>/}, with the config
 * and each layer, uncompressed, as blobs under their digests. The digest identifies the content, so a layer that the
 * parent snapshot has is not sent again. If the parent has all layers, the image is not requested from the engine.
 */
public final class ImageCapture {
    private final EngineClient client;
    private final ImageSpec image;
    private final String id;
    private final EntryPath place;

    public ImageCapture(EngineClient client, ImageSpec image) throws IOException {
        this.client = client;
        this.image = image;
        this.id = image.id();
        if (!id.matches("sha256:[0-9a-f]{64}")) {
            throw new IOException("the engine returned an image id of an unknown form: " + id);
        }
        this.place = SnapshotLayout.IMAGES.resolve(hex(id));
    }

    public static String hex(String digest) {
        return digest.substring("sha256:".length());
    }

    public void sendTo(FidelityRecorder sink) throws IOException {
        sink.note(place, "image save");
        SnapshotLayout.directory(sink, place);
        SnapshotLayout.directory(sink, place.resolve("blobs"));
        SnapshotLayout.directory(sink, place.resolve("blobs/sha256"));
        Map<String, Entry> wanted = new TreeMap<>();
        Set<String> digests = new LinkedHashSet<>(image.layers());
        digests.add(id);
        for (String digest : digests.stream().sorted().toList()) {
            // The name is a digest, so equal names mean equal content, regardless of the time.
            Entry blob = Entry.fileOfUnknownSize(blob(digest), SnapshotLayout.attributes(0644))
                    .withFingerprint(Optional.of(digest));
            if (sink.offer(blob)) {
                wanted.put(digest, blob);
            }
        }
        SnapshotLayout.send(sink, place.resolve("image.json"), document().toPrettyBytes());
        SnapshotLayout.send(
                sink,
                place.resolve("oci-layout"),
                JsonObject.create().put("imageLayoutVersion", "1.0.0").toBytes());
        if (!wanted.isEmpty()) {
            send(wanted, sink);
        }
        if (!wanted.isEmpty()) {
            throw new IOException("the engine did not send " + wanted.keySet() + " of image " + id);
        }
    }

    /** Returns the document of the image: what the engine reports about it, and the order of its layers. */
    private JsonObject document() {
        JsonObject document = JsonObject.create()
                .put("lifeboat", "image")
                .put("version", 1)
                .put("id", id)
                .put("layers", image.layers())
                .put("tags", image.tags());
        return document.put("digests", image.digests());
    }

    private EntryPath blob(String digest) {
        return place.resolve("blobs/sha256/" + hex(digest));
    }

    /**
     * Streams the image once. Blobs that are named by their digest are passed on directly; layers with other names are
     * written to a temporary file first.
     */
    private void send(Map<String, Entry> wanted, EntrySink sink) throws IOException {
        String what = "save image " + id;
        try (InputStream in =
                new BufferedInputStream(client.open("/images/" + EngineClient.encode(id) + "/get", what), 1 << 16)) {
            TarReader tar = new TarReader(in);
            for (Optional<TarMember> next; (next = tar.next()).isPresent() && !wanted.isEmpty(); ) {
                TarMember member = next.get();
                String name = member.path().toString();
                // A link stands for a layer that the tar also contains under another name.
                if (member.type() == EntryType.FILE) {
                    take(name, member, wanted, sink);
                }
            }
        }
    }

    private static void take(String name, TarMember member, Map<String, Entry> wanted, EntrySink sink)
            throws IOException {
        if (name.matches("[0-9a-f]{64}\\.json")) {
            // Engines before 25: the config, named by its digest.
            sendAs("sha256:" + name.substring(0, 64), member, wanted, sink);
        } else if (name.matches("blobs/sha256/[0-9a-f]{64}")) {
            sendAs("sha256:" + name.substring(13), member, wanted, sink);
        } else if (name.endsWith("/layer.tar")) {
            spool(member, wanted, sink);
        }
    }

    private static void sendAs(String digest, TarMember member, Map<String, Entry> wanted, EntrySink sink)
            throws IOException {
        Entry entry = wanted.remove(digest);
        if (entry != null) {
            sink.content(entry.withSize(member.size()), member.content());
        }
    }

    /** Handles a layer of an engine before 25, which names layers by ids that do not depend on their content. */
    private static void spool(TarMember member, Map<String, Entry> wanted, EntrySink sink) throws IOException {
        Path spool = Files.createTempFile("lifeboat-layer-", ".tar");
        try {
            MessageDigest digest = Digests.sha256();
            try (OutputStream out = Files.newOutputStream(spool)) {
                byte[] buffer = new byte[1 << 16];
                for (int n; (n = member.content().read(buffer)) >= 0; ) {
                    Io.checkInterrupt();
                    digest.update(buffer, 0, n);
                    out.write(buffer, 0, n);
                }
            }
            Entry entry = wanted.remove("sha256:" + Digests.hex(digest.digest()));
            if (entry != null) {
                try (InputStream again = Files.newInputStream(spool)) {
                    sink.content(entry.withSize(member.size()), again);
                }
            }
        } finally {
            Files.deleteIfExists(spool);
        }
    }
}
