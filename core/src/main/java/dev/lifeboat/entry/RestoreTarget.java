package dev.lifeboat.entry;

import java.io.IOException;

/**
 * A place into which a snapshot is restored.
 *
 * <p>Every implementation must provide, and {@code RestoreTargetContract} checks:
 *
 * <ul>
 *   <li>difference: content that is already there is not requested;
 *   <li>confinement: nothing outside the target is written, regardless of what the entries contain and which links are
 *       in the way;
 *   <li>loss reporting: what cannot be restored is reported, entry by entry;
 *   <li>dry run: a {@linkplain RestoreRequest#dryRun() planned} session changes nothing;
 *   <li>atomic file replacement: a file is never visible half written under its name.
 * </ul>
 */
public interface RestoreTarget {
    /** Returns what and where this target is, for messages. */
    String location();

    /**
     * Begins a restore.
     *
     * @throws IOException if the target cannot be restored into; it is left unchanged
     */
    Session begin(RestoreRequest request) throws IOException;

    /**
     * A restore in progress. Closing it without {@link #commit} undoes what can be undone; the target is then not known
     * to be complete.
     */
    interface Session extends EntrySink, AutoCloseable {
        /**
         * Completes the restore after all entries were sent: deletes what is not in the snapshot, if requested, and
         * starts what was running.
         */
        void commit() throws IOException;

        /** Releases all resources. Further calls have no effect. */
        @Override
        void close() throws IOException;
    }
}
