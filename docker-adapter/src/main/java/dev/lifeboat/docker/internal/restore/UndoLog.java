package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Steps that undo what a restore has done so far; run in reverse if it fails. Not thread-safe. */
final class UndoLog {
    private final Deque<UninterruptibleCleanup.Action> steps = new ArrayDeque<>();

    /** Adds the step that undoes what is done next, or was just done. */
    void add(UninterruptibleCleanup.Action step) {
        steps.push(step);
    }

    /**
     * Creates something and adds the step that undoes it, as one: an interrupt between the two would leave behind what
     * was created.
     *
     * @throws InterruptedIOException if this thread is interrupted already; nothing was created
     */
    void creating(UninterruptibleCleanup.Action action) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("the restore is cancelled");
        }
        UninterruptibleCleanup.run(action);
    }

    /**
     * Creates a volume. An engine answers the creation of a volume that exists as if it had created it; such a one is
     * not ours to write to.
     *
     * @throws DockerException if the volume exists
     */
    void create(Volumes volumes, VolumeSpec volume) throws IOException {
        creating(() -> {
            if (volumes.find(volume.name()).isPresent()) {
                throw new DockerException(
                        DockerException.Kind.CONFLICT,
                        "volume " + volume.name()
                                + " was created by another after the restore was planned; plan it anew");
            }
            volumes.create(volume);
            add(() -> volumes.remove(volume.name()));
        });
    }

    /** Forgets all steps: what was done stays. */
    void clear() {
        steps.clear();
    }

    /**
     * Runs all steps, the last one first, even on an interrupted thread.
     *
     * @throws IOException the first failure, with the others suppressed; all steps were tried
     */
    void undo() throws IOException {
        UninterruptibleCleanup.run(this::runAll);
    }

    private void runAll() throws IOException {
        IOException failure = null;
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
