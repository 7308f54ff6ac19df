package dev.lifeboat.internal.catalog;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.snapshot.SnapshotId;
import java.util.Optional;

/**
 * A backup in progress: docs/FORMAT.md, section 4.
 *
 * @param id id of the snapshot that it will commit
 * @param source name of the series
 * @param parent the archive that it builds on, which a prune keeps
 */
public record Session(SnapshotId id, String source, Optional<ArchiveRoot> parent) {}
