package dev.lifeboat.docker.internal.image;

import dev.lifeboat.docker.internal.model.ImageContent;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import java.io.IOException;
import java.util.Map;

/** Where the blobs of an image are read. */
interface ImageBlobs {
    /** What the image consists of. */
    ImageContent content() throws IOException;

    /** Sends blobs, by digest, and removes from the map those that were sent. */
    void send(Map<String, Entry> wanted, EntrySink sink) throws IOException;
}
