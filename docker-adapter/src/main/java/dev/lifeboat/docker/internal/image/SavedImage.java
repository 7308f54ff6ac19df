package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an image as the engine saves it: a tar in one of the forms of docs/ENGINES.md. With containerd's image store
 * the tar is read twice, since only its content tells which blobs belong to the image; its documents are kept in
 * memory.
 */
final class SavedImage implements ImageBlobs {
    /** Longer than any manifest: registries take up to 4 MiB (OCI distribution-spec 1.1, "Pushing Manifests"). */
    static final long MAX_DOCUMENT_BYTES = 4 << 20;

    private static final long MAX_DOCUMENTS_BYTES = 64 << 20;

    /** Engines since 25: blobs/sha256/HEX. Before: the configuration is HEX.json. Podman: a layer is HEX.tar. */
    private static final Pattern BLOB =
            Pattern.compile("(?:blobs/sha256/([0-9a-f]{64}))|(?:([0-9a-f]{64})\\.(?:json|tar))");

    private final Images images;
    private final ImageSpec image;
    private final ImageContent content;

    private SavedImage(Images images, ImageSpec image, ImageContent content) {
        this.images = images;
        this.image = image;
        this.content = content;
    }

    /** Opens an image. */
    static ImageBlobs open(EngineClient client, ImageSpec image, Optional<String> manifest, String platform)
            throws IOException {
        Images images = new Images(client);
        if (client.info().store() == Store.GRAPH) {
            return new SavedImage(images, image, ImageContent.ofGraph(image));
        }
        Documents documents = new Documents();
        try (InputStream in = buffered(images.save(image))) {
            documents.read(in);
        }
        return new SavedImage(
                images, image, ImageContent.follow(documents.target(image.id()), documents, manifest, platform));
    }

    private static InputStream buffered(InputStream in) {
        return new BufferedInputStream(in, 1 << 16);
    }

    /** What a tar has: the names of all blobs, and the content of those that may be documents. */
    private static final class Documents implements ImageContent.Blobs {
        private final Set<String> blobs = new HashSet<>();
        private final Map<String, byte[]> documents = new HashMap<>();
        private byte[] index = {};
        private long bytes;

        void read(InputStream in) throws IOException {
            TarReader tar = new TarReader(in);
            for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
                Io.checkInterrupt();
                TarMember member = next.get();
                String name = member.path().toString();
                Optional<String> digest = digest(name);
                digest.ifPresent(blobs::add);
                if (member.size() <= MAX_DOCUMENT_BYTES && (digest.isPresent() || name.equals("index.json"))) {
                    take(name, digest, member.content().readAllBytes());
                }
            }
        }

        private void take(String name, Optional<String> digest, byte[] content) throws IOException {
            boolean json = content.length > 0 && content[0] == '{';
            if (!json) {
                return;
            }
            bytes += content.length;
            if (bytes > MAX_DOCUMENTS_BYTES) {
                throw new IOException(
                        "the engine saves an image whose manifests have over " + MAX_DOCUMENTS_BYTES + " bytes");
            }
            if (digest.isPresent()) {
                documents.put(digest.get(), content);
            } else if (name.equals("index.json")) {
                index = content;
            }
        }

        /** The descriptor of the image in the index of the tar. */
        JsonObject target(String id) throws IOException {
            for (JsonObject descriptor :
                    JsonObject.parse(index, "index.json of image " + id).objects("manifests")) {
                if (descriptor.string("digest").equals(id)) {
                    return descriptor;
                }
            }
            throw new IOException("the engine saved image " + id + " without its manifest");
        }

        @Override
        public boolean has(String digest) {
            return blobs.contains(digest);
        }

        @Override
        public JsonObject document(String digest) throws IOException {
            byte[] content = documents.get(digest);
            if (content == null || !digest.equals("sha256:" + Digests.hex(Digests.sha256(content, content.length)))) {
                throw new IOException(
                        "the engine saved an image without blob " + digest + ", or with another in its" + " place");
            }
            return JsonObject.parse(content, "blob " + digest);
        }
    }

    private static Optional<String> digest(String name) {
        Matcher blob = BLOB.matcher(name);
        if (!blob.matches()) {
            return Optional.empty();
        }
        return Optional.of("sha256:" + (blob.group(1) != null ? blob.group(1) : blob.group(2)));
    }

    @Override
    public ImageContent content() {
        return content;
    }

    @Override
    public void send(Map<String, Entry> wanted, EntrySink sink) throws IOException {
        try (InputStream in = buffered(images.save(image))) {
            TarReader tar = new TarReader(in);
            for (Optional<TarMember> next; !wanted.isEmpty() && (next = tar.next()).isPresent(); ) {
                TarMember member = next.get();
                // A link stands for a layer that the tar also contains under another name.
                if (member.type() == EntryType.FILE) {
                    take(member, wanted, sink);
                }
            }
        }
    }

    private static void take(TarMember member, Map<String, Entry> wanted, EntrySink sink) throws IOException {
        String name = member.path().toString();
        Optional<String> digest = digest(name);
        if (digest.isPresent()) {
            Entry entry = wanted.remove(digest.get());
            if (entry != null) {
                sink.content(entry.withSize(member.size()), ImageBlobs.verified(member.content(), digest.get()));
            }
        } else if (name.endsWith("/layer.tar")) {
            spool(member, wanted, sink);
        }
    }

    /** Handles a layer of an engine before 25, which names layers by ids that do not depend on their content. */
    private static void spool(TarMember member, Map<String, Entry> wanted, EntrySink sink) throws IOException {
        try (UnnamedFile spool = UnnamedFile.create("lifeboat-layer-")) {
            MessageDigest digest = Digests.sha256();
            byte[] buffer = new byte[1 << 16];
            long size = 0;
            for (int n; (n = member.content().read(buffer)) >= 0; size += n) {
                Io.checkInterrupt();
                digest.update(buffer, 0, n);
                spool.write(ByteBuffer.wrap(buffer, 0, n), size);
            }
            Entry entry = wanted.remove("sha256:" + Digests.hex(digest.digest()));
            if (entry != null) {
                sink.content(entry.withSize(member.size()), spool.input());
            }
        }
    }
}
