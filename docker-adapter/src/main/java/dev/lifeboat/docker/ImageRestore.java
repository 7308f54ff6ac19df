package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.image.ImageLoader;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.oci.internal.image.ImageLayout;
import java.io.IOException;
import java.io.InputStream;

/** Loads the images of a snapshot and skips everything else. */
final class ImageRestore implements RestoreTarget {
    private final EngineClient client;

    ImageRestore(EngineClient client) {
        this.client = client;
    }

    @Override
    public String location() {
        return "images of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) {
        ImageLoader loader = new ImageLoader(client, request);
        return new Session() {
            private boolean any;

            @Override
            public boolean offer(Entry entry) {
                if (!entry.path().startsWith(ImageLayout.IMAGES) || entry.path().equals(ImageLayout.IMAGES)) {
                    return false;
                }
                any = true;
                return loader.offer(entry);
            }

            @Override
            public void content(Entry entry, InputStream in) throws IOException {
                loader.content(entry, in);
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
                    throw new IOException("the snapshot has no image; choose a snapshot of an image,"
                            + " or of a container captured with its image");
                }
            }

            @Override
            public void close() {
                loader.close();
            }
        };
    }
}
