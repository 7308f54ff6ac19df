package dev.lifeboat.format;

import java.io.IOException;
import java.util.Collection;
import java.util.Optional;

/** What the engine tells a format that prunes or repairs. Each answer is fresh: it lists the store at the time of the call. */
public interface PruneContext {
    /** As for every operation. */
    FormatContext format();

    /** Names this prune: 32 lower-case hex digits. */
    String name();

    /** Whether only to tell what would be removed. */
    boolean dryRun();

    /** Whether there is time to begin something long that may as well be done by another prune. */
    boolean hasTime();

    /** The archives of all snapshots there are. */
    Collection<ArchiveRoot> roots() throws IOException;

    /**
     * The archives of snapshots that a repair has set apart: what is left of them stays, too.
     *
     * @throws DamagedException if that is not known; nothing may be removed then
     */
    Collection<ArchiveRoot> quarantinedRoots() throws IOException;

    /** The backups under way: sessions without an outcome. */
    Collection<OpenSession> openSessions() throws IOException;

    /**
     * A backup that may still commit.
     *
     * @param archive name of the archive it writes
     * @param parent what it may refer to
     */
    record OpenSession(String archive, Optional<ArchiveRoot> parent) {}
}
