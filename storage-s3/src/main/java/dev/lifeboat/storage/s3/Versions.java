package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    record Version(ObjectInfo info, String id, boolean latest) {}

    /** The first version that there ever was of an object, if it is not what is shown. */
    Optional<Version> hiddenFirst(ObjectKey key) {
        String name = prefix + key.value();
        Optional<Version> first = Optional.empty();
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(name))) {
            for (ObjectVersion version : page.versions()) {
                if (version.key().equals(name)) {
                    first = Optional.of(version(key, version));
                }
            }
        }
        return first.filter(version -> !version.latest());
    }

    /**
     * Makes sure that a version that a put {@code ifAbsent} has made is the first of its object. If it is not, the store has let two through: the first one's content is put over ours.
     *
     * @return whether ours is the first
     */
    boolean isFirst(ObjectKey key, String id) {
        Optional<String> first = firstBelow(key, id);
        if (first.isEmpty()) {
            return true;
        }
        client.copyObject(r -> r.sourceBucket(bucket)
                .sourceKey(prefix + key.value())
                .sourceVersionId(first.get())
                .destinationBucket(bucket)
                .destinationKey(prefix + key.value()));
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

    /** Ids of all there is of an object, marks of deletion among them. */
    List<String> idsOf(ObjectKey key) {
        String name = prefix + key.value();
        List<String> ids = new ArrayList<>();
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(name))) {
            page.versions().stream().filter(v -> v.key().equals(name)).forEach(v -> ids.add(v.versionId()));
            page.deleteMarkers().stream().filter(m -> m.key().equals(name)).forEach(m -> ids.add(m.versionId()));
        }
        return ids;
    }

    private static Version version(ObjectKey key, ObjectVersion version) {
        return new Version(
                new ObjectInfo(key, version.size(), version.lastModified()),
                version.versionId(),
                Boolean.TRUE.equals(version.isLatest()));
    }

    /** Everything as it was: of each object that was there then the first version. Objects that were removed and put again have another key. */
    Map<ObjectKey, Version> asOf(Instant time) {
        Map<ObjectKey, Version> first = new HashMap<>();
        Map<ObjectKey, Instant> removed = new HashMap<>();
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(prefix))) {
            for (ObjectVersion version : page.versions()) {
                key(version.key())
                        .filter(key -> !version.lastModified().isAfter(time))
                        .ifPresent(key -> first.merge(
                                key,
                                version(key, version),
                                (one, other) -> one.info()
                                                .lastModified()
                                                .isAfter(other.info().lastModified())
                                        ? other
                                        : one));
            }
            for (DeleteMarkerEntry mark : page.deleteMarkers()) {
                key(mark.key())
                        .filter(key -> !mark.lastModified().isAfter(time))
                        .ifPresent(key -> removed.put(key, mark.lastModified()));
            }
        }
        first.keySet().removeAll(removed.keySet());
        return first;
    }

    private Optional<ObjectKey> key(String name) {
        String value = name.substring(prefix.length());
        return !value.startsWith(S3Storage.PROBE) && ObjectKey.isValid(value)
                ? Optional.of(new ObjectKey(value))
                : Optional.empty();
    }
}
