package dev.lifeboat.storage.s3;

import java.time.Duration;

/**
 * For how long S3 lets nobody remove or change what was stored; see {@link S3StorageBuilder#objectLock}.
 *
 * @param mode who may lift it
 * @param retention how long it lasts, from when an object was put, or needed last when a prune ran
 */
public record ObjectLock(Mode mode, Duration retention) {
    /** Who may lift a lock. */
    public enum Mode {
        /** Who has s3:BypassGovernanceRetention, and says so. */
        GOVERNANCE,
        /** Nobody, neither the owner of the account nor AWS: what was stored is paid for until then. */
        COMPLIANCE
    }

    public ObjectLock {
        if (retention.isNegative() || retention.isZero()) {
            throw new IllegalArgumentException("retention is not positive: " + retention);
        }
    }
}
