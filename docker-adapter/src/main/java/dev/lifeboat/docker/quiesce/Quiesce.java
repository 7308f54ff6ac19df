package dev.lifeboat.docker.quiesce;

/** How a container is quiesced while it is read. It has its former state again afterwards: running, paused or stopped. */
public enum Quiesce {
    /** Not at all: files that change meanwhile may be captured in a mix of states, and are reported. */
    NONE,
    /**
     * Paused: the copy is crash-consistent, as after a power failure, from which databases recover. Takes some 20
     * milliseconds; connections stay open.
     */
    PAUSE,
    /** Stopped in its own way and time, then started again: for what does not survive a power failure. */
    STOP
}
