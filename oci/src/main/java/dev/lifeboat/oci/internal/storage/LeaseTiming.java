package dev.lifeboat.oci.internal.storage;

import java.time.Duration;

/**
 * The times of a {@link WriterLease}.
 *
 * @param settle within which a claim must have reached the registry, and after which it is read back
 * @param poll between two looks at the claim of another process
 * @param renew between two renewals of a claim
 * @param expire after which a claim that was not renewed is void
 */
record LeaseTiming(Duration settle, Duration poll, Duration renew, Duration expire) {
    /** For registries that respond within two seconds. */
    static final LeaseTiming USUAL = new LeaseTiming(
            Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofSeconds(60));
}
