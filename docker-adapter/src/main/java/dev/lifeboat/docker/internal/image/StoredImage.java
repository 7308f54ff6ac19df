package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.internal.client.ContentStore;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageContent;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/** Reads an image from the files of containerd's content store. */
final class StoredImage implements ImageBlobs {
    private final ContentStore store;
    private final ImageContent content;

    private StoredImage(ContentStore store, ImageContent content) {
        this.store = store;
        this.content = content;
    }

    /** Opens an image; empty if its blobs are not in view. */
    static Optional<ImageBlobs> open(ContentStore store, JsonObject target, Optional<String> manifest, String platform)
            throws IOException {
        if (store.find(target.string("digest")).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new StoredImage(store, ImageContent.follow(target, new StoreBlobs(store), manifest, platform)));
    }

    private record StoreBlobs(ContentStore store) implements ImageContent.Blobs {
        @Override
        public boolean has(String digest) {
            return store.find(digest).isPresent();
        }

        @Override
        public JsonObject document(String digest) throws IOException {
            Path file = file(store, digest);
            if (Files.size(file) > SavedImage.MAX_DOCUMENT_BYTES) {
                throw new IOException("blob " + digest + " of an image is too long for a manifest");
            }
            byte[] bytes = Files.readAllBytes(file);
            if (!digest.equals("sha256:" + Digests.hex(Digests.sha256(bytes, bytes.length)))) {
                throw new IOException("the engine has other content under blob " + digest);
            }
            return JsonObject.parse(bytes, "blob " + digest);
        }
    }

    private static Path file(ContentStore store, String digest) throws IOException {
        return store.find(digest)
                .orElseThrow(() -> new IOException("blob " + digest + " of an image was removed while it was read"));
    }

    @Override
    public ImageContent content() {
        return content;
    }

    @Override
    public void send(Map<String, Entry> wanted, EntrySink sink) throws IOException {
        for (Iterator<Map.Entry<String, Entry>> i = wanted.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<String, Entry> blob = i.next();
            Path file = file(store, blob.getKey());
            try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
                sink.content(blob.getValue().withSize(Files.size(file)), ImageBlobs.verified(in, blob.getKey()));
            }
            i.remove();
        }
    }
}
