package dev.lifeboat.entry;

import java.io.IOException;

/**
 * Something into which a snapshot is restored.
 *
 * <p>Every implementation must give, and {@code RestoreTargetContract} checks:
 *
 * <ul>
 *   <li>difference: content that is there already is not asked for;
 *   <li>confinement: nothing outside the target is written, whatever the entries say and whatever links are in the way;
 *   <li>honesty: what cannot be brought back is reported, entry by entry;
 *   <li>dry run: a {@linkplain RestoreRequest#dryRun() planned} session changes nothing;
 *   <li>wholeness: a file is never seen half written under its name.
 * </ul>
 */
public interface RestoreTarget {
    /** Says what and where this is, for messages. */
    String location();

    /**
     * Makes ready.
     *
     * @throws IOException if the target cannot be restored into; it is as it was
     */
    Session begin(RestoreRequest request) throws IOException;

    /** One restore under way. Closing without {@link #commit} undoes what can be undone, and says nothing is whole. */
    interface Session extends EntrySink, AutoCloseable {
        /** All entries were sent: removes what is not in the snapshot if asked to, starts what was running. */
        void commit() throws IOException;

        /** Frees everything. Harmless when repeated. */
        @Override
        void close() throws IOException;
    }
}
