package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.entry.EntryPath;

/**
 * The part of an application that a path of a snapshot belongs to.
 *
 * @param part part of the application
 * @param name key of the container or volume, name of the image or network, number of the bind mount; empty for
 *     {@link Part#OTHER} and {@link Part#PROJECT}
 * @param root root of the file tree that contains the path; the path itself if there is none
 */
public record Location(Part part, String name, EntryPath root) {
    /** The parts of a snapshot. */
    public enum Part {
        /** The document of a Compose project. */
        PROJECT,
        /** The document of a container. */
        CONTAINER,
        /** An image: its directory, its documents and its blobs. */
        IMAGE,
        /** The document of a network. */
        NETWORK,
        /** The document of a bind mount. */
        PATH,
        /** The content of a bind mount. */
        PATH_DATA,
        /** The writable layer of a container. */
        LAYER,
        /** The document of a volume. */
        VOLUME,
        /** The files of a volume. */
        VOLUME_DATA,
        /** Anything else: parent directories, documents about the capture. */
        OTHER
    }
}
