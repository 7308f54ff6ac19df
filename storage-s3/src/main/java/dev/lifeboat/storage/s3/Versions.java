package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
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

    /**
     * What there was under one key.
     *
     * @param versions oldest first, as the store has put them in order
     * @param removed when it was removed last
     */
    private record History(List<Version> versions, Instant removed) {}

    private History history(ObjectKey key) {
        String name = prefix + key.value();
        List<Version> versions = new ArrayList<>();
        Instant removed = Instant.MIN;
        for (ListObjectVersionsResponse page :
                client.listObjectVersionsPaginator(r -> r.bucket(bucket).prefix(name))) {
            for (ObjectVersion version : page.versions()) {
                if (version.key().equals(name)) {
                    versions.add(version(key, version));
                }
            }
            for (DeleteMarkerEntry mark : page.deleteMarkers()) {
                if (mark.key().equals(name) && mark.lastModified().isAfter(removed)) {
                    removed = mark.lastModified();
                }
            }
        }
        Collections.reverse(versions);
        return new History(versions, removed);
    }

    /** The first version that there ever was, if it is not what is shown. */
    Optional<Version> hiddenFirst(ObjectKey key) {
        return history(key).versions().stream().findFirst().filter(first -> !first.latest());
    }

    /**
     * Makes sure that a version that a put {@code ifAbsent} has made is the first of its object. If it is not, the store has let two through: the first one's content is put over ours.
     *
     * @return whether ours is the first
     */
    boolean isFirst(ObjectKey key, String id) {
        History history = history(key);
        Optional<Version> first = history.versions().stream()
                .filter(version -> !version.info().lastModified().isBefore(history.removed()))
                .findFirst();
        if (first.isEmpty() || first.get().id().equals(id)) {
            return true;
        }
        client.copyObject(r -> r.sourceBucket(bucket)
                .sourceKey(prefix + key.value())
                .sourceVersionId(first.get().id())
                .destinationBucket(bucket)
                .destinationKey(prefix + key.value()));
        return false;
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
        return !value.equals(S3Storage.PROBE) && ObjectKey.isValid(value)
                ? Optional.of(new ObjectKey(value))
                : Optional.empty();
    }
}
