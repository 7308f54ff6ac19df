package dev.lifeboat.oci.internal.client;

import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A response after which the same request may succeed later. */
final class TransientException extends IOException {
    private static final long serialVersionUID = 1;

    private final RegistryException failure;
    private final transient Optional<Duration> retryAfter;

    TransientException(RegistryException failure, Optional<Duration> retryAfter) {
        super(failure.getMessage(), failure);
        this.failure = failure;
        this.retryAfter = retryAfter;
    }

    /** What is thrown if there is no time left. */
    RegistryException failure() {
        return failure;
    }

    Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
