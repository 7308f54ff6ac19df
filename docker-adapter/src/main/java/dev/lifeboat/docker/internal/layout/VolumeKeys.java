package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.model.VolumeSpec;

/** Names of the directories of volumes in a snapshot: stable when a container is created anew. */
public final class VolumeKeys {
    private VolumeKeys() {}

    /** Returns the key of a volume of a container: its name; for an anonymous one, where it is mounted. */
    public static String of(String volume, String container, String destination) {
        return VolumeSpec.isAnonymous(volume) ? container + suffix(destination) : volume;
    }

    /** Whether a key belongs to what a caller asked for: a volume's name, or the place where it was mounted. */
    public static boolean matches(String key, String asked) {
        return key.equals(asked) || asked.startsWith("/") && key.endsWith(suffix(asked));
    }

    private static String suffix(String destination) {
        return ":" + destination.replace("%", "%25").replace("/", "%2F");
    }
}
