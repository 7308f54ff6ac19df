package dev.lifeboat.quiesce;

import java.io.Closeable;
import java.io.IOException;

/**
 * A quiesced source: a paused container, a database session that is held open. Closing it resumes the source.
 *
 * <p>Thread-safe: the engine closes a handle on the thread that reads the source, or on a shutdown hook.
 */
@FunctionalInterface
public interface QuiesceHandle extends Closeable {
    /** Returns the handle of a source that is not quiesced. */
    static QuiesceHandle none() {
        return None.INSTANCE;
    }

    /**
     * Resumes the source: restores the state that it had before. Repeated calls have no effect. Works on an interrupted
     * thread, attempts every step even if one of them fails, and then throws.
     *
     * @throws IOException if the source could not be resumed; the message says how to do it by hand
     */
    @Override
    void close() throws IOException;

    /** Takes ownership of handles. */
    @FunctionalInterface
    interface Holder {
        /**
         * Takes ownership of a handle and closes it when reading ends. Called at most once for each reading.
         *
         * @throws IOException if reading must not go on; the handle is closed by then
         */
        void hold(QuiesceHandle handle) throws IOException;

        /**
         * Closes the handle before reading ends, since what is left to read does not change any more: it is a copy or a
         * snapshot. Unless an implementation does something, the source stays quiesced until reading ends.
         *
         * @throws IOException if the source could not be resumed; reading must not go on
         */
        default void resume() throws IOException {}
    }

    /** The handle of a source that is not quiesced; no event is sent for it. */
    enum None implements QuiesceHandle {
        /** The only instance. */
        INSTANCE;

        @Override
        public void close() {}
    }
}
