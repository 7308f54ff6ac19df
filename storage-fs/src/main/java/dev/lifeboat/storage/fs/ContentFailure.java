package dev.lifeboat.storage.fs;

import java.io.IOException;

/** Carries an exception from reading the content past this class's own handling of failures. */
final class ContentFailure extends IOException {
    private static final long serialVersionUID = 1;

    private final IOException failure;

    ContentFailure(IOException failure) {
        super(failure);
        this.failure = failure;
    }

    IOException unwrapped() {
        return failure;
    }
}
