package dev.lifeboat;

import dev.lifeboat.Verify.Finding;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.replica.Soundness;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Compares replicas with the first store for a verify, and mends each by the others for a repair. */
final class Replicas {
    private static final int PART = 1 << 16;

    private final ReplicatedStorage all;
    private final Soundness soundness;
    private long objects;
    private long bytes;

    Replicas(ReplicatedStorage all, Soundness soundness) {
        this.all = all;
        this.soundness = soundness;
    }

    /** Objects compared. */
    long objects() {
        return objects;
    }

    /** Bytes read for that. */
    long bytes() {
        return bytes;
    }

    /** Tells what replicas lack and, if asked to read, what is not the same in them. */
    List<Finding> compare(boolean readData) throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (int i = 0; i < all.copies().size(); i++) {
            String location = all.copies().get(i).location();
            try {
                for (ObjectInfo object : all.lacking(i)) {
                    findings.add(finding(
                            object.key(),
                            "replica " + location
                                    + " lacks it; run catchUp, or repair if it has another in its place"));
                }
                for (ObjectInfo object : readData ? different(i) : List.<ObjectInfo>of()) {
                    String which = soundness.isSound(all.first(), object.key())
                            ? "it is damaged in replica " + location
                            : "replica " + location + " has something else in its place";
                    findings.add(finding(object.key(), which + "; run repair"));
                }
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                findings.add(new Finding(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        "replica " + location + " cannot be read: " + e.getMessage()));
            }
        }
        return findings;
    }

    private static Finding finding(ObjectKey key, String detail) {
        return new Finding(Optional.empty(), Optional.of(key), Optional.empty(), detail);
    }

    /** Objects that are as long in a replica as in the first store, and not the same. */
    private List<ObjectInfo> different(int replica) throws IOException {
        StorageTarget copy = all.copies().get(replica);
        List<ObjectInfo> different = new ArrayList<>();
        for (ObjectInfo object : all.shared(replica)) {
            objects++;
            if (!isSame(object, copy)) {
                different.add(object);
            }
        }
        return different;
    }

    private boolean isSame(ObjectInfo object, StorageTarget copy) throws IOException {
        try (InputStream one = all.first().open(object.key(), ByteRange.all());
                InputStream other = copy.open(object.key(), ByteRange.all())) {
            while (true) {
                byte[] mine = one.readNBytes(PART);
                bytes += 2L * mine.length;
                if (!Arrays.equals(mine, other.readNBytes(PART))) {
                    return false;
                }
                if (mine.length == 0) {
                    return true;
                }
            }
        } catch (FileNotFoundException e) {
            // Pruned since it was listed.
            return true;
        }
    }

    /**
     * Puts good copies in the place of what is damaged in the first store, or lost there, then of what is damaged in replicas, and has them catch up.
     *
     * @param found what a verify of the first store by itself has found
     * @return how many objects that were
     */
    long mend(Collection<Finding> found) throws IOException {
        long mended = 0;
        for (ObjectKey key : found.stream()
                .flatMap(finding -> finding.object().stream())
                .distinct()
                .toList()) {
            mended += isSoundIn(all.first(), key) || !all.recover(key) ? 0 : 1;
        }
        for (int i = 0; i < all.copies().size(); i++) {
            // Only if something is lost: else what is surplus was pruned.
            for (ObjectKey key : found.isEmpty() ? List.<ObjectKey>of() : all.surplus(i)) {
                mended += all.recover(key) ? 1 : 0;
            }
            List<ObjectInfo> other = new ArrayList<>(all.lacking(i));
            other.addAll(different(i));
            for (ObjectInfo object : other) {
                if (isSoundIn(all.first(), object.key())) {
                    all.renew(i, object);
                    mended++;
                }
            }
        }
        all.settle();
        return mended;
    }

    private boolean isSoundIn(StorageTarget store, ObjectKey key) throws IOException {
        try {
            return soundness.isSound(store, key);
        } catch (FileNotFoundException e) {
            return false;
        }
    }
}
