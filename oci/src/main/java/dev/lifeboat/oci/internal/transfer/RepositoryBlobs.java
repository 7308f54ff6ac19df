package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.RegistryClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What is known of the blobs in the repositories of a registry. Used by one thread. */
final class RepositoryBlobs {
    /** Each costs a request. */
    private static final int MAX_MOUNTS = 3;

    private final RegistryClient client;
    /** Repositories that have a blob, by its digest. */
    private final Map<String, Set<String>> there = new HashMap<>();
    /** Blobs that were looked up and are not there, as {@code repository@digest}. */
    private final Set<String> missing = new HashSet<>();
    /** Mounts that the registry has not made, as {@code repository@digest from}. */
    private final Set<String> refused = new HashSet<>();

    RepositoryBlobs(RegistryClient client) {
        this.client = client;
    }

    /** Whether a repository has a blob. */
    boolean isThere(String repository, String digest) throws IOException {
        Set<String> holders = there.computeIfAbsent(digest, d -> new LinkedHashSet<>());
        if (holders.contains(repository)) {
            return true;
        }
        if (!missing.contains(repository + "@" + digest)) {
            if (client.hasBlob(repository, digest)) {
                holders.add(repository);
                return true;
            }
            missing.add(repository + "@" + digest);
        }
        return false;
    }

    /**
     * Whether a repository has a blob; mounts it there if another repository has it.
     *
     * @param sources repositories that may have it, besides those that are known to have it
     */
    boolean isThereOrMounted(String repository, String digest, Set<String> sources) throws IOException {
        if (isThere(repository, digest)) {
            return true;
        }
        Set<String> holders = there.computeIfAbsent(digest, d -> new LinkedHashSet<>());
        Set<String> candidates = new LinkedHashSet<>(holders);
        candidates.addAll(sources);
        candidates.remove(repository);
        for (String candidate : candidates.stream().limit(MAX_MOUNTS).toList()) {
            String mount = repository + "@" + digest + " " + candidate;
            if (refused.contains(mount)) {
                continue;
            }
            if (client.mount(repository, digest, candidate)) {
                holders.add(repository);
                return true;
            }
            refused.add(mount);
        }
        return false;
    }

    /** Whether a blob was found, or pushed. */
    boolean isKnown(String repository, String digest) {
        return there.getOrDefault(digest, Set.of()).contains(repository);
    }

    void upload(String repository, String digest, Body content) throws IOException {
        client.upload(repository, digest, content);
        there.computeIfAbsent(digest, d -> new LinkedHashSet<>()).add(repository);
    }
}
