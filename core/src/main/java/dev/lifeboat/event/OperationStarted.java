package dev.lifeboat.event;

import java.time.Instant;

/**
 * An operation that begins. Immutable.
 *
 * @param kind such as {@code Backup}, {@code Restore}, {@code Prune}, {@code Verify}
 * @param operation what it is to do, for people
 * @param started when it begins, by the clock of the repository
 */
public record OperationStarted(String kind, String operation, Instant started) {}
