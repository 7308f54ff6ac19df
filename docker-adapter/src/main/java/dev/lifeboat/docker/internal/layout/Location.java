package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.entry.EntryPath;

/**
 * The part of an application that a path of a snapshot belongs to.
 *
 * @param part part of the application
 * @param name name of the container, image, network or volume key; empty for {@link Part#OTHER}
 * @param root root of the file tree that contains the path; the path itself if there is none
 */
public record Location(Part part, String name, EntryPath root) {
    /** The parts of a snapshot. */
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
        /** Anything else: parent directories, documents about the capture, bind mounts. */
        OTHER
    }
}
