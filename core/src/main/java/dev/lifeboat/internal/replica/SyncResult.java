package dev.lifeboat.internal.replica;

/**
 * What was copied to a replica.
 *
 * @param objects copied
 * @param bytes in these objects
 * @param surplus number of objects that the replica has and the primary store lacks
 */
public record SyncResult(long objects, long bytes, long surplus) {}
