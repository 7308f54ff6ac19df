package dev.lifeboat.internal.replica;

/**
 * What a replica was given.
 *
 * @param objects it lacked
 * @param bytes in these
 * @param surplus objects that it has and the first store has not
 */
public record SyncResult(long objects, long bytes, long surplus) {}
