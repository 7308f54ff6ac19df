package dev.lifeboat.format;

import java.io.IOException;

/** An object was written by a version or format that this library does not know. It is not damaged, and nothing repairs it. */
public final class UnsupportedVersionException extends IOException {
    private static final long serialVersionUID = 1;

    /** Says which version was found, which are known, and what to do. */
    public UnsupportedVersionException(String message) {
        super(message);
    }
}
