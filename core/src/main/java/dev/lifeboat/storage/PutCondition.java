package dev.lifeboat.storage;

/** When a put may take effect. Checked and applied by the store in one atomic step with the write. */
public enum PutCondition {
    /** Replaces whatever is there. */
    ALWAYS,
    /** Only if no object has the key; of several at once, in any processes, exactly one wins. Every store supports it. */
    IF_ABSENT
}
