package dev.lifeboat.automation.drill;

import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Snapshot;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where drills restore to. An implementation gives:
 *
 * <ul>
 *   <li>isolation: what is restored reaches neither the original, nor its storage, nor any other host;
 *   <li>throw-away names: nothing that exists is changed or replaced;
 *   <li>recovery: what a drill has created whose process was killed is found by {@link #removeLeftovers}, on the same
 *       machine;
 *   <li>threads: several drills may be held at once.
 * </ul>
 */
public interface DrillTarget {
    /** Returns where it is, for people. */
    String location();

    /**
     * Removes what drills have left whose process is gone.
     *
     * @return what was removed, for people
     * @throws IOException if something cannot be removed; it is tried again by the next call
     */
    List<String> removeLeftovers() throws IOException;

    /**
     * Begins a drill. Nothing is changed before {@link Session#restore}.
     *
     * @return a session that the caller closes
     * @throws IOException if this target cannot restore such a snapshot
     */
    Session begin(Repository repository, Snapshot snapshot) throws IOException;

    /** One drill. Used by one thread. */
    interface Session extends Closeable {
        /**
         * Restores the application, starts it, and waits until its health checks have come to a result.
         *
         * @return what became of it
         * @throws IOException if it cannot be restored
         * @throws dev.lifeboat.BackupException if it cannot be restored, or the thread is interrupted
         */
        Restored restore() throws IOException;

        /**
         * Returns the names of members that do not work now, after {@link #restore}: that have ended, unless their work
         * is done, or are unhealthy. Those that never ran may be among them.
         *
         * @throws IOException if that is not known
         */
        List<String> ended() throws IOException;

        /** Returns the restored application, after {@link #restore}. */
        RestoredApplication application();

        /**
         * Removes all that was created.
         *
         * @throws IOException if something cannot be removed; {@link DrillTarget#removeLeftovers} of a later process
         *     removes it
         */
        @Override
        void close() throws IOException;
    }

    /**
     * What was restored.
     *
     * @param members the containers, in the order in which they were started
     * @param lost what was not captured, or not restored, or is not as it was
     * @param failedEntries number of entries that could not be restored
     * @param notes what is not as in the original because it is a drill
     * @param readBy how each part of the snapshot was read, by its path, such as {@code host path}
     */
    record Restored(
            List<Member> members,
            List<Problem> lost,
            long failedEntries,
            List<String> notes,
            Map<String, String> readBy) {
        public Restored {
            members = List.copyOf(members);
            lost = List.copyOf(lost);
            notes = List.copyOf(notes);
            readBy = Map.copyOf(readBy);
        }
    }

    /**
     * One member of the application.
     *
     * @param name as in the snapshot
     * @param state such as {@code HEALTHY}, for people
     * @param good whether it works, as far as it tells
     * @param waited how long the drill has waited for it
     * @param detail for people; empty if all is well
     */
    record Member(String name, String state, boolean good, Duration waited, String detail) {}
}
