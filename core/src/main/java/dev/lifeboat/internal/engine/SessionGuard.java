package dev.lifeboat.internal.engine;

import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.snapshot.SnapshotId;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the session of a backup that fails, so that the next prune frees what it stored. Close it after the writer of the
 * archive, when nothing is stored any more.
 */
public final class SessionGuard implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SessionGuard.class);
    /** A store that is away must not delay the failure for long; a prune ends the session later. */
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

    /** Notes that from now on the manifest may be stored, whether its put succeeds or not. */
    public void committing() {
        committing = true;
    }

    /** Notes that the snapshot counts: its session stays until a prune removes it. */
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

    /** If the manifest may still arrive, an outcome that excludes it comes first. */
    private void end() throws IOException {
        if (committing && !repository.catalog().end(id, repository.clock().instant())) {
            return;
        }
        try {
            repository.catalog().removeSession(id);
        } catch (IOException e) {
            // Credentials that may put but not delete: an outcome ends it as well.
            boolean ended = repository.catalog().end(id, repository.clock().instant());
            log.debug("session ended, not removed [id={}, ended={}]", id.value(), ended, e);
        }
    }
}
