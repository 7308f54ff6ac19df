package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteMarkerEntry;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.ObjectVersion;

/**
 * The versions of objects in a bucket with versioning. Lifeboat writes each object once, so the first version is the
 * authentic one.
 */
final class Versions {
    private final S3Client client;
    private final String bucket;
    private final String prefix;

    Versions(S3Client client, String bucket, String prefix) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
    }

    /**
     * A version of an object.
     *
     * @param id the string {@code "null"} for an object that was put before versioning was enabled
     */
    record Version(ObjectInfo info, String id) {}

    /**
     * Changes that other clients made to objects.
     *
     * @param firsts the first version of each overwritten object; it holds what was written, since objects are written
     *     once
     * @param hidden objects that are hidden by a delete marker
     */
    record Meddling(Map<ObjectKey, String> firsts, Set<ObjectKey> hidden) {}

    /**
     * Finds objects that were overwritten or hidden. The listing is ordered by key, newest version first, so little is
     * held in memory.
     *
     * @param counts selects the objects to look for
     */
    Meddling meddling(Predicate<ObjectKey> counts) {
        Map<ObjectKey, String> firsts = new HashMap<>();
        Set<ObjectKey> hidden = new TreeSet<>();
        @Nullable ObjectVersion above = null;
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(prefix))) {
            for (ObjectVersion version : page.versions()) {
                if (above != null && above.key().equals(version.key())) {
                    key(version.key()).filter(counts).ifPresent(key -> firsts.put(key, version.versionId()));
                }
                above = version;
            }
            for (DeleteMarkerEntry mark : page.deleteMarkers()) {
                if (Boolean.TRUE.equals(mark.isLatest())) {
                    key(mark.key()).filter(counts).ifPresent(hidden::add);
                }
            }
        }
        return new Meddling(firsts, hidden);
    }

    /**
     * Checks that a version created by a put {@code ifAbsent} is the first one of its object. If it is not, the store
     * has accepted two puts; the content of the first version is then put over ours.
     *
     * @return whether our version is the first
     */
    boolean isFirst(ObjectKey key, String id, ObjectSettings settings) {
        Optional<String> first = firstBelow(key, id);
        if (first.isEmpty()) {
            return true;
        }
        client.copyObject(r -> settings.apply(
                r.sourceBucket(bucket)
                        .sourceKey(prefix + key.value())
                        .sourceVersionId(first.get())
                        .destinationBucket(bucket)
                        .destinationKey(prefix + key.value()),
                key));
        return false;
    }

    /**
     * Returns the oldest version that is older than a given one, with no delete marker between them. Lists one version
     * at a time, newest first: some stores keep times in whole seconds, so only the order of a listing tells which
     * version came first.
     */
    private Optional<String> firstBelow(ObjectKey key, String id) {
        String name = prefix + key.value();
        Optional<String> first = Optional.empty();
        boolean below = false;
        for (ListObjectVersionsResponse page : client.listObjectVersionsPaginator(
                r -> r.bucket(bucket).prefix(name).maxKeys(1))) {
            for (ObjectVersion version : page.versions()) {
                if (!version.key().equals(name)) {
                    return first;
                }
                if (below) {
                    first = Optional.of(version.versionId());
                }
                below |= version.versionId().equals(id);
            }
            if (below && !page.deleteMarkers().isEmpty()) {
                return first;
            }
        }
        return first;
    }

    /**
     * All versions of an object.
     *
     * @param versions ids of the versions
     * @param marks ids of the delete markers
     */
    record Ids(List<String> versions, List<String> marks) {}

    Ids idsOf(ObjectKey key) {
        String name = prefix + key.value();
        Ids ids = new Ids(new ArrayList<>(), new ArrayList<>());
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(name))) {
            page.versions().stream()
                    .filter(v -> v.key().equals(name))
                    .forEach(v -> ids.versions().add(v.versionId()));
            page.deleteMarkers().stream()
                    .filter(mark -> mark.key().equals(name))
                    .forEach(mark -> ids.marks().add(mark.versionId()));
        }
        return ids;
    }

    private static Version version(ObjectKey key, ObjectVersion version) {
        return new Version(new ObjectInfo(key, version.size(), version.lastModified()), version.versionId());
    }

    /**
     * Returns the state at a time: the first version of each object that existed then. Of versions with the same time,
     * the one listed later is older.
     */
    Map<ObjectKey, Version> asOf(Instant time) {
        Map<ObjectKey, Version> first = new HashMap<>();
        Map<ObjectKey, Instant> put = new HashMap<>();
        Map<ObjectKey, Instant> removed = new HashMap<>();
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(prefix))) {
            for (ObjectVersion version : page.versions()) {
                Optional<ObjectKey> key =
                        key(version.key()).filter(k -> !version.lastModified().isAfter(time));
                if (key.isPresent()) {
                    first.merge(
                            key.get(),
                            version(key.get(), version),
                            (one, other) -> one.info()
                                            .lastModified()
                                            .isBefore(other.info().lastModified())
                                    ? one
                                    : other);
                    put.merge(key.get(), version.lastModified(), Versions::later);
                }
            }
            for (DeleteMarkerEntry mark : page.deleteMarkers()) {
                key(mark.key())
                        .filter(key -> !mark.lastModified().isAfter(time))
                        .ifPresent(key -> removed.merge(key, mark.lastModified(), Versions::later));
            }
        }
        first.keySet()
                .removeIf(key ->
                        removed.containsKey(key) && removed.get(key).isAfter(put.getOrDefault(key, Instant.MIN)));
        return first;
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private Optional<ObjectKey> key(String name) {
        String value = name.substring(prefix.length());
        return !value.startsWith(S3Storage.PROBE) && ObjectKey.isValid(value)
                ? Optional.of(new ObjectKey(value))
                : Optional.empty();
    }
}
