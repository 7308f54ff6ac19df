package dev.lifeboat.entry;

import java.nio.file.Path;
import java.util.List;

/**
 * The options of a restore.
 *
 * @param dryRun whether to report changes without making them
 * @param partial whether only a part of a snapshot is sent, so that entries which are not sent may still be in the
 *     snapshot
 * @param deleteExtra whether to delete entries from the target that are not in the snapshot
 * @param repositoryDirectories directories of this machine in which the repository that is read keeps its objects: a
 *     target that writes files of this machine changes nothing in them, and deletes neither them nor what they are in
 * @param listener receives changes and problems, on the threads that make them
 */
public record RestoreRequest(
        boolean dryRun, boolean partial, boolean deleteExtra, List<Path> repositoryDirectories, Listener listener) {
    /** Creates a request. */
    public RestoreRequest {
        repositoryDirectories = List.copyOf(repositoryDirectories);
    }

    /** Returns a request that writes what differs, deletes nothing and has no listener. */
    public static RestoreRequest plain() {
        return new RestoreRequest(false, false, false, List.of(), new Listener() {
            @Override
            public void changed(RestoreChange change) {}

            @Override
            public void problem(Problem problem) {}
        });
    }

    /** Returns a copy that deletes nothing. */
    public RestoreRequest withoutDeletions() {
        return new RestoreRequest(dryRun, partial, false, repositoryDirectories, listener);
    }

    /** Returns a copy for a target whose paths are relative to a place: its listener receives them below that place. */
    public RestoreRequest below(EntryPath place) {
        return new RestoreRequest(dryRun, partial, deleteExtra, repositoryDirectories, new Listener() {
            @Override
            public void changed(RestoreChange change) {
                listener.changed(new RestoreChange(place.resolve(change.path()), change.action()));
            }

            @Override
            public void problem(Problem problem) {
                listener.problem(new Problem(place.resolve(problem.path()), problem.kind(), problem.detail()));
            }
        });
    }

    /** Receives the events of a restore. Must be thread-safe and return quickly. */
    public interface Listener {
        /** Called when an entry is changed, or would be changed if this were not a dry run. */
        void changed(RestoreChange change);

        /** Called when something could not be restored. */
        void problem(Problem problem);
    }
}
