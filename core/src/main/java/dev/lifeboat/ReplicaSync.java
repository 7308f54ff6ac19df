package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.replica.SyncResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * Brings the replicas of a repository in sync with its primary store: copies what each lacks, manifests last. There is
 * no time limit; backups and prunes sync replicas, too, but wait only for a limited time.
 *
 * <p>Removes from replicas only what prunes of this process have removed from the primary store. Other objects that a
 * replica has and the primary store lacks are reported as surplus. They stay, since the primary store may have lost
 * them; {@link #dropSurplus} removes them.
 *
 * <p>If one replica fails, the others are synced all the same. The failure is in the result.
 */
public final class ReplicaSync extends Operation<List<ReplicaSync.Replica>, ReplicaSync> {
    private boolean dropSurplus;

    ReplicaSync(OpenRepository repository) {
        super(repository);
    }

    /**
     * The result for one replica.
     *
     * @param location of its store
     * @param objects number of objects copied to it
     * @param bytes in these
     * @param surplus number of objects that it has and the primary store lacks
     * @param failure why it is not in sync; empty if it is
     */
    public record Replica(String location, long objects, long bytes, long surplus, Optional<String> failure) {
        /** Returns whether the replica has all snapshots of the primary store, with everything they need. */
        public boolean isInSync() {
            return failure.isEmpty();
        }
    }

    /**
     * Also removes from replicas, after the sync, what the primary store does not have: snapshots that were pruned
     * while a replica was unreachable, and what they needed. The whole primary store is verified before; if it is
     * damaged, the operation throws {@link BackupException.Corrupt} and changes nothing.
     *
     * <p>A verify does not detect snapshots that were deleted from the primary store with everything they need. Check
     * its list of snapshots first: the replicas lose what the list does not have.
     */
    @CanIgnoreReturnValue
    public ReplicaSync dropSurplus() {
        checkNotStarted();
        dropSurplus = true;
        return this;
    }

    @Override
    String auditDescription() {
        return super.auditDescription() + (dropSurplus ? " and drop what only replicas have" : "");
    }

    @Override
    ReplicaSync self() {
        return this;
    }

    @Override
    List<Replica> execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.COPYING);
        if (dropSurplus
                && !new Verify(repository).readData().withoutReplicas().run().isClean()) {
            throw new DamagedException(repository.location()
                    + " is damaged, so nothing is removed from its replicas; run repair before dropSurplus()");
        }
        Optional<ReplicatedStorage> replicated = repository.replicated();
        if (replicated.isEmpty()) {
            return List.of();
        }
        List<Future<SyncResult>> comparisons = new ArrayList<>();
        for (int i = 0; i < replicated.get().copies().size(); i++) {
            comparisons.add(replicated.get().compare(i));
        }
        List<Replica> replicas = new ArrayList<>();
        for (int i = 0; i < comparisons.size(); i++) {
            String location = replicated.get().copies().get(i).location();
            try {
                SyncResult done = comparisons.get(i).get();
                events.addStored(done.bytes());
                long dropped = dropSurplus ? replicated.get().dropSurplus(i) : 0;
                replicas.add(new Replica(
                        location, done.objects(), done.bytes(), done.surplus() - dropped, Optional.empty()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                replicas.add(new Replica(location, 0, 0, 0, Optional.of(String.valueOf(e.getMessage()))));
            } catch (ExecutionException e) {
                replicas.add(new Replica(location, 0, 0, 0, Optional.of(Io.message(e))));
            }
        }
        events.progress();
        return List.copyOf(replicas);
    }

    @Override
    String describe() {
        return "cannot sync the replicas of " + repository.location();
    }
}
