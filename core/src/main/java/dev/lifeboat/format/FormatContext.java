package dev.lifeboat.format;

import dev.lifeboat.storage.StorageTarget;
import java.util.concurrent.Executor;

/**
 * What the engine lends to a format for one operation.
 *
 * @param storage where the objects are
 * @param executor runs hashing, compression and transfers beside the caller; tasks may wait for each other only if each would
 *     also finish alone
 * @param parallelism how many tasks usefully run at once
 */
public record FormatContext(StorageTarget storage, Executor executor, int parallelism) {}
