package dev.lifeboat.storage;

/** When a put takes effect. The store checks the condition and writes in one atomic step. */
public enum PutCondition {
    /** Always. Replaces an object that exists. */
    ALWAYS,
    /**
     * Only if no object has the key. Of several concurrent puts, in any processes, exactly one succeeds. Every store
     * supports it.
     */
    IF_ABSENT
}
