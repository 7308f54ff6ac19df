package dev.lifeboat.internal.checkpoint;

import java.time.Duration;

/**
 * What a reset of a directory has done.
 *
 * @param changed names that were written, created or given other metadata
 * @param removed names that were removed, those in removed directories not counted
 * @param bytesWritten content that was written, or shared again
 * @param compared how long it took to find what had changed
 * @param written how long it took to set it back
 */
public record TreeReset(long changed, long removed, long bytesWritten, Duration compared, Duration written) {
    /** Returns what this reset and another one have done. */
    public TreeReset plus(TreeReset other) {
        return new TreeReset(
                changed + other.changed,
                removed + other.removed,
                bytesWritten + other.bytesWritten,
                compared.plus(other.compared),
                written.plus(other.written));
    }
}
