package dev.lifeboat.format;

import dev.lifeboat.storage.StorageTarget;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * What the engine provides to a format for one operation.
 *
 * @param storage where the objects are
 * @param executor runs hashing, compression and transfers in parallel with the caller; tasks may wait for each other
 *     only if each would also complete alone
 * @param parallelism the useful number of parallel tasks
 * @param keys of the repository
 * @param parameters that formats chose when the repository was created, by format id and name:
 *     {@code chunked/1.average}
 * @param memory lasts as long as the repository is open
 */
public record FormatContext(
        StorageTarget storage,
        Executor executor,
        int parallelism,
        RepositoryKeys keys,
        Map<String, String> parameters,
        FormatMemory memory) {
    public FormatContext {
        parameters = Map.copyOf(parameters);
    }

    /** Returns a context without encryption, parameters or memory, such as for tests of a format. */
    public static FormatContext of(StorageTarget storage, Executor executor, int parallelism) {
        return new FormatContext(
                storage, executor, parallelism, RepositoryKeys.none(new byte[16]), Map.of(), new FormatMemory());
    }
}
