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
 * Brings the replicas of a repository in step with its first store, however long that takes: what each lacks is copied, manifests last. Backups and prunes do
 * the same by the way, with less patience. Removes nothing but what prunes of this process have removed from the first store: what a replica has
 * beyond that is told as surplus, and stays, for the first store may have lost it; {@link #dropSurplus} removes it.
 *
 * <p>One replica that fails does not keep the others from it; it is in the result.
 */
public final class ReplicaSync extends Operation<List<ReplicaSync.Replica>, ReplicaSync> {
    private boolean dropSurplus;

    ReplicaSync(OpenRepository repository) {
        super(repository);
    }

    /**
     * How it went with one replica.
     *
     * @param location of its store
     * @param objects that it was given
     * @param bytes in these
     * @param surplus objects that it has and the first store has not
     * @param failure why it is not in step; empty if it is
     */
    public record Replica(String location, long objects, long bytes, long surplus, Optional<String> failure) {
        /** Whether all snapshots of the first store are in it, whole. */
        public boolean isInSync() {
            return failure.isEmpty();
        }
    }

    /**
     * Afterwards removes from replicas what the first store does not have: snapshots that were pruned while a replica was away, and what they needed. Only if a verify finds nothing wrong with the
     * first store; but what it was made to forget is gone from replicas, too, so have a look before.
     */
    @CanIgnoreReturnValue
    public ReplicaSync dropSurplus() {
        checkNotStarted();
        dropSurplus = true;
        return this;
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
            throw new DamagedException("something is wrong with " + repository.location()
                    + ", so its replicas lose nothing; run repair before dropSurplus()");
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
        return "cannot have the replicas of " + repository.location() + " catch up";
    }
}
