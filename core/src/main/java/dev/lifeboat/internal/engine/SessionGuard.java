package dev.lifeboat.internal.engine;

import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.snapshot.SnapshotId;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the session of a backup that fails, so that the next prune frees what it stored. Close it after the writer of
 * the archive, when nothing is stored any more.
 */
public final class SessionGuard implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SessionGuard.class);
    /** A store that cannot be reached must not delay the failure for long. A prune ends the session later. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final OpenRepository repository;
    private final SnapshotId id;
    private boolean committing;
    private boolean committed;

    /** Guards a session that is about to be opened. */
    public SessionGuard(OpenRepository repository, SnapshotId id) {
        this.repository = repository;
        this.id = id;
    }

    /** Records that the manifest may be stored from now on, even if its put throws. */
    public void committing() {
        committing = true;
    }

    /** Records that the snapshot is committed. Its session stays until a prune removes it. */
    public void committed() {
        committed = true;
    }

    @Override
    public void close() {
        if (committed) {
            return;
        }
        try {
            UninterruptibleCleanup.run(PATIENCE, this::end);
        } catch (IOException | RuntimeException e) {
            log.debug("session not ended; a prune ends it later [id={}]", id.value(), e);
        }
    }

    /** Ends the session. If the manifest may still arrive, an aborted outcome is put first, which excludes it. */
    private void end() throws IOException {
        if (committing && !repository.catalog().end(id, repository.clock().instant())) {
            return;
        }
        try {
            repository.catalog().removeSession(id);
        } catch (IOException e) {
            // The credentials may put but not delete: an aborted outcome ends the session as well.
            boolean ended = repository.catalog().end(id, repository.clock().instant());
            log.debug("session ended, not removed [id={}, ended={}]", id.value(), ended, e);
        }
    }
}
