package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.entry.EntryPath;

/**
 * What a path of a snapshot belongs to.
 *
 * @param part of the application
 * @param name of the container, image, network or volume key; empty for {@link Part#OTHER}
 * @param root of the tree of files that the path lies in; the path itself where there is none
 */
public record Location(Part part, String name, EntryPath root) {
    /** Parts of a snapshot. */
    public enum Part {
        /** The document of a container. */
        CONTAINER,
        /** An image: its directory, its documents and its blobs. */
        IMAGE,
        /** The document of a network. */
        NETWORK,
        /** The writable layer of a container. */
        LAYER,
        /** The document of a volume. */
        VOLUME,
        /** The files of a volume. */
        VOLUME_DATA,
        /** Anything else: directories on the way, documents about the capture, bind mounts. */
        OTHER
    }
}
