package dev.lifeboat.storage;

import java.io.IOException;

/** A conditional put found another state than it asked for. Nothing was stored. */
public final class PreconditionFailedException extends IOException {
    private static final long serialVersionUID = 1;

    /** Says that {@code key} is taken. */
    public PreconditionFailedException(ObjectKey key, String location) {
        super("object " + key + " exists already in " + location);
    }
}
