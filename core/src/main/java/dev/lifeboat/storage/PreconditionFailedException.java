package dev.lifeboat.storage;

import java.io.IOException;

/** The condition of a put does not hold. Nothing was stored. */
public final class PreconditionFailedException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception which states that {@code key} exists already. */
    public PreconditionFailedException(ObjectKey key, String location) {
        super("object " + key + " exists already in " + location);
    }
}
