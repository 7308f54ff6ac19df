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

/** What a bucket with versions keeps beneath what it shows. Objects of ours are written once, so the first version of one is the true one. */
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
     * One that was put.
     *
     * @param id {@code null} as a text for what was put when the bucket had no versions
     */
    record Version(ObjectInfo info, String id) {}

    /**
     * What others have done to objects.
     *
     * @param firsts of objects that were put over, the first version: what was written, for objects are written once
     * @param hidden objects that are not shown, since there is a mark of deletion over them
     */
    record Meddling(Map<ObjectKey, String> firsts, Set<ObjectKey> hidden) {}

    /**
     * Finds what was put over or hidden. Listed by key, newest first, so that little is held.
     *
     * @param counts which objects are looked for
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
     * Makes sure that a version that a put {@code ifAbsent} has made is the first of its object. If it is not, the store has let two through: the first one's content is put over ours.
     *
     * @return whether ours is the first
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
     * The oldest version that is older than one, and no mark of deletion between them. One by one, newest first: times are to the second in some stores, and only the order
     * of a listing tells what came first.
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
     * All there is of an object.
     *
     * @param versions ids of what was put
     * @param marks ids of marks of deletion
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

    /** Everything as it was: of each object that was there then the first version. Of versions of one time the one that is listed later is older. */
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
