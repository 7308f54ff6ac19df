package dev.lifeboat.format;

import java.io.IOException;
import java.util.Collection;
import java.util.Optional;

/**
 * What the engine provides to a format that prunes or repairs. Each result is current: the store is listed during the
 * call.
 */
public interface PruneContext {
    /** Returns the context, as for every operation. */
    FormatContext format();

    /** Returns the name of this prune: 32 lower-case hex digits. */
    String name();

    /** Returns whether to report what would be removed, without removing it. */
    boolean dryRun();

    /** Returns whether there is time to begin long work that can be left to another prune. */
    boolean hasTime();

    /** Returns the archives of all existing snapshots. */
    Collection<ArchiveRoot> roots() throws IOException;

    /**
     * Returns the archives of quarantined snapshots. What is left of them is kept, too.
     *
     * @throws DamagedException if they cannot be determined; nothing may be removed then
     */
    Collection<ArchiveRoot> quarantinedRoots() throws IOException;

    /** Returns the running backups: sessions without an outcome. */
    Collection<OpenSession> openSessions() throws IOException;

    /**
     * A backup that may still commit.
     *
     * @param archive name of the archive it writes
     * @param parent what it may refer to
     */
    record OpenSession(String archive, Optional<ArchiveRoot> parent) {}
}
