package dev.lifeboat.internal.replica;

import dev.lifeboat.format.Damage;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.ObjectComparison;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares replicas with the primary store for a verify, and repairs each from the others for a repair. */
public final class ReplicaMaintenance {
    private static final Logger log = LoggerFactory.getLogger(ReplicaMaintenance.class);

    private final ReplicatedStorage all;
    private final IntegrityCheck integrity;
    private long objects;
    private long bytes;

    public ReplicaMaintenance(ReplicatedStorage all, IntegrityCheck integrity) {
        this.all = all;
        this.integrity = integrity;
    }

    /** Returns the number of objects compared. */
    public long objects() {
        return objects;
    }

    /** Returns the number of bytes read for comparison. */
    public long bytes() {
        return bytes;
    }

    /** Reports what replicas lack and what differs in them: in length or, with {@code readData}, in content. */
    public List<Damage> compare(boolean readData) throws IOException {
        List<Damage> findings = new ArrayList<>();
        for (int i = 0; i < all.copies().size(); i++) {
            String location = all.copies().get(i).location();
            try {
                for (ObjectInfo object : all.lacking(i)) {
                    findings.add(finding(object.key(), "replica " + location + " lacks it; run syncReplicas"));
                }
                for (ObjectInfo object : different(i, readData)) {
                    if (!isSoundIn(all.first(), object.key())) {
                        findings.add(finding(
                                object.key(),
                                "replica " + location + " has a different object in its place; run repair"));
                    } else if (!isSoundIn(all.copies().get(i), object.key())) {
                        findings.add(finding(object.key(), "it is damaged in replica " + location + "; run repair"));
                    } else if (ReplicationPolicy.isAudit(object.key())) {
                        findings.add(finding(
                                object.key(),
                                "replica " + location + " has another entry of the audit trail in its place: one of the"
                                        + " two was replaced"));
                    }
                    // Otherwise the primary has an aborted outcome in place of a snapshot that was quarantined there.
                }
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                findings.add(new Damage(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        "replica " + location + " cannot be compared: " + e.getMessage()));
            }
        }
        return findings;
    }

    private static Damage finding(ObjectKey key, String detail) {
        return new Damage(Optional.empty(), Optional.of(key), Optional.empty(), detail);
    }

    private List<ObjectInfo> different(int replica, boolean readData) throws IOException {
        StorageTarget copy = all.copies().get(replica);
        List<ObjectInfo> different = new ArrayList<>();
        for (Map.Entry<ObjectInfo, Boolean> object : all.shared(replica).entrySet()) {
            objects++;
            if (!object.getValue() || readData && !isSame(object.getKey(), copy)) {
                different.add(object.getKey());
            }
        }
        return different;
    }

    private boolean isSame(ObjectInfo object, StorageTarget copy) throws IOException {
        try {
            return ObjectComparison.isEqual(all.first(), object.key(), copy, object.key(), read -> bytes += read);
        } catch (FileNotFoundException e) {
            // Pruned since it was listed.
            return true;
        }
    }

    /**
     * Of the given objects, those damaged in the primary are read from a replica in which they are intact. A repair
     * then puts them back.
     */
    public void recover(Collection<ObjectKey> found) throws IOException {
        for (ObjectKey key : Set.copyOf(found)) {
            if (all.first().find(key).isPresent() && !isSoundIn(all.first(), key)) {
                log.debug("object recovered [key={}, done={}]", key, all.recover(key));
            }
        }
    }

    /** Copies content of replicas that the primary lacks. */
    @FunctionalInterface
    public interface Salvage {
        /** Copies objects. Returns how many were copied. */
        long take(StorageTarget copy, List<ObjectKey> objects) throws IOException;
    }

    /** Salvages lost content from each replica that can be reached. */
    public long salvage(Salvage salvage) throws IOException {
        long taken = 0;
        for (int i = 0; i < all.copies().size(); i++) {
            try {
                List<ObjectKey> surplus = all.surplusContent(i);
                taken += surplus.isEmpty() ? 0 : salvage.take(all.copies().get(i), surplus);
            } catch (IOException e) {
                skip(i, e);
            }
        }
        return taken;
    }

    /** Replaces damaged objects in replicas by intact ones of the primary, and then syncs the replicas. */
    public long renew() throws IOException {
        long renewed = 0;
        for (int i = 0; i < all.copies().size(); i++) {
            try {
                for (ObjectInfo object : different(i, true)) {
                    if (isSoundIn(all.first(), object.key())
                            && !isSoundIn(all.copies().get(i), object.key())) {
                        all.renew(i, object);
                        renewed++;
                    }
                }
            } catch (IOException e) {
                skip(i, e);
            }
        }
        all.settle();
        return renewed;
    }

    private void skip(int replica, IOException e) throws IOException {
        if (Io.isInterruption(e)) {
            throw e;
        }
        log.warn(
                "cannot read or write replica, skipped [store={}, cause={}]",
                all.copies().get(replica).location(),
                e.getMessage());
    }

    private boolean isSoundIn(StorageTarget store, ObjectKey key) throws IOException {
        try {
            return integrity.isIntact(store, key);
        } catch (FileNotFoundException e) {
            return false;
        }
    }
}
