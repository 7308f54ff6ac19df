package dev.lifeboat.format;

import java.io.IOException;

/**
 * An object was written by a version or format that this library does not know. It is not damaged and cannot be
 * repaired.
 */
public final class UnsupportedVersionException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception with a message that names the version found, the versions known, and the way out. */
    public UnsupportedVersionException(String message) {
        super(message);
    }
}
