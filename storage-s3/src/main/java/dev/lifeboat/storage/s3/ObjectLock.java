package dev.lifeboat.storage.s3;

import java.time.Duration;

/**
 * How long S3 protects stored objects from removal and change; see {@link S3StorageBuilder#objectLock}.
 *
 * @param mode who may remove the lock
 * @param retention duration of the lock, from when an object was put, or from the last prune that still needed it
 */
public record ObjectLock(Mode mode, Duration retention) {
    /** Who may remove a lock. */
    public enum Mode {
        /** A user with the permission s3:BypassGovernanceRetention, in a request that asks for the bypass. */
        GOVERNANCE,
        /** No user, including the owner of the account and AWS. Stored objects are billed until the lock ends. */
        COMPLIANCE
    }

    public ObjectLock {
        if (retention.isNegative() || retention.isZero()) {
            throw new IllegalArgumentException("retention is not positive: " + retention);
        }
    }
}
