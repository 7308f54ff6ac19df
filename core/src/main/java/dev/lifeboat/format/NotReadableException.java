package dev.lifeboat.format;

import java.io.IOException;

/**
 * The operation needs the read right, and the key that the repository was opened with gives only the write right.
 * Nothing is damaged.
 */
public final class NotReadableException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception with a message that names the operation. */
    public NotReadableException(String message) {
        super(message);
    }
}
