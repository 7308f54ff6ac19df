package dev.lifeboat.docker;

/** How a container is brought to rest while it is read. Whatever it was before, running, paused or stopped, it is again afterwards. */
public enum Quiesce {
    /** Not at all: files that change meanwhile may be captured in a mix of states, and are reported. */
    NONE,
    /**
     * Frozen, as the power going off would leave it: databases recover from that. Takes some 20 milliseconds; connections stay open.
     */
    PAUSE,
    /** Stopped, in its own way and time, then started again: for what does not survive the power going off. */
    STOP
}
