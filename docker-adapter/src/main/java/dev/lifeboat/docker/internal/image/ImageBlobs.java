package dev.lifeboat.docker.internal.image;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.VerifiedBlob;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** Where the blobs of an image are read. */
interface ImageBlobs {
    /** What the image consists of. */
    ImageContent content() throws IOException;

    /** Verifies a blob that the engine sends, or has in its store. */
    static VerifiedBlob verified(InputStream in, String digest) {
        return new VerifiedBlob(
                in,
                digest,
                found -> new IOException("the engine sent " + found + " for blob " + digest + " of an image: the image"
                        + " is damaged on the engine; remove it there and pull or build it anew"));
    }

    /** Sends blobs, by digest, and removes from the map those that were sent. */
    void send(Map<String, Entry> wanted, EntrySink sink) throws IOException;
}
