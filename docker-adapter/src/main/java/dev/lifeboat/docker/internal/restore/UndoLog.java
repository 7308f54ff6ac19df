package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.internal.io.UninterruptibleCleanup;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Steps that undo what a restore has done so far; run in reverse if it fails. Not thread-safe. */
final class UndoLog {
    private final Deque<UninterruptibleCleanup.Action> steps = new ArrayDeque<>();

    /** Adds the step that undoes what is done next, or was just done. */
    void add(UninterruptibleCleanup.Action step) {
        steps.push(step);
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
