package dev.lifeboat.docker.quiesce;

/**
 * How a container is quiesced while it is read. Afterwards its former state is restored. {@link #STOP} refuses a
 * container that is paused.
 */
public enum Quiesce {
    /** Not quiesced: files that change while they are read may be captured in a mix of states; they are reported. */
    NONE,
    /**
     * Paused: the copy is crash-consistent, as after a power failure, from which databases recover. Takes some 20
     * milliseconds; connections stay open.
     */
    PAUSE,
    /**
     * Stopped with its own stop signal and timeout, then started again: for data that does not survive a power failure.
     */
    STOP
}
