package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.model.VolumeSpec;

/** Names of the directories of volumes in a snapshot. They stay the same when a container is re-created. */
public final class VolumeKeys {
    private VolumeKeys() {}

    /** Returns the key of a volume of a container: its name, or the mount point of an anonymous volume. */
    public static String of(String volume, String container, String destination) {
        return VolumeSpec.isAnonymous(volume) ? container + suffix(destination) : volume;
    }

    /** Returns whether a key matches what a caller asked for: the name of a volume, or its mount point. */
    public static boolean matches(String key, String asked) {
        return key.equals(asked) || asked.startsWith("/") && key.endsWith(suffix(asked));
    }

    private static String suffix(String destination) {
        return ":" + destination.replace("%", "%25").replace("/", "%2F");
    }
}
