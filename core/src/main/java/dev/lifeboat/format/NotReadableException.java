package dev.lifeboat.format;

import java.io.IOException;

/** This takes the right to read, and the key that the repository was opened with has only that to write. Nothing is damaged. */
public final class NotReadableException extends IOException {
    private static final long serialVersionUID = 1;

    /** Says what was asked for. */
    public NotReadableException(String message) {
        super(message);
    }
}
