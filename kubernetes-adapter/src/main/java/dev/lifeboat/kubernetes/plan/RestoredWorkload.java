package dev.lifeboat.kubernetes.plan;

import java.time.Duration;

/**
 * What became of a workload that a restore has created.
 *
 * @param resource the object, as {@code deployments.apps shop/web}
 * @param ready whether all of its pods are ready, or have done their work
 * @param waited how long the restore has waited for it
 * @param detail for people: what is ready, and what keeps the rest from that
 */
public record RestoredWorkload(String resource, boolean ready, Duration waited, String detail) {}
