package dev.lifeboat.entry;

import java.io.IOException;

/**
 * Something of which snapshots are taken, again and again. An instance may be used for many snapshots, one at a time.
 *
 * <p>Every implementation must give, and {@code SnapshotSourceContract} checks:
 *
 * <ul>
 *   <li>order: entries are offered in canonical order, each path once;
 *   <li>honesty: what cannot be kept is reported, entry by entry; nothing is dropped in silence;
 *   <li>thrift: content that is not wanted is not read where that can be helped;
 *   <li>interruption: a call whose thread is interrupted throws {@link java.io.InterruptedIOException} soon;
 *   <li>no trace: what is captured is left as it was, access times aside.
 * </ul>
 */
public interface SnapshotSource extends EntrySource {
    /**
     * Names the series of snapshots, such as {@code container:web}: 1 to 255 characters without control characters. Same
     * name, same series, so it must survive that the thing is re-created.
     *
     * @throws IOException if the source has to be asked for it and does not answer
     */
    String name() throws IOException;

    /**
     * Sends all, with the source at rest where that matters. This brings it to rest first; override it to send what does not change
     * anyway before that, such as the image of a container.
     *
     * @param keeper is given the rest, and ends it as soon as this returns or throws
     * @throws IOException as {@link #sendTo(EntrySink)} and {@link #quiesce} do
     */
    default void sendTo(EntrySink sink, RestKeeper keeper) throws IOException {
        keeper.keep(quiesce());
        sendTo(sink);
    }

    /** Ends rests. */
    @FunctionalInterface
    interface RestKeeper {
        /** Takes over a rest that has begun. Called at most once for each sending. */
        void keep(Rest rest) throws IOException;
    }

    /**
     * Brings the thing to rest: pauses the container, asks the database for a checkpoint. Whoever calls closes what this
     * returns, however the reading ended. A call that throws has left the source as it was.
     *
     * @throws IOException if it cannot be brought to rest
     */
    default Rest quiesce() throws IOException {
        return Rest.none();
    }

    /** A source at rest. */
    @FunctionalInterface
    interface Rest extends AutoCloseable {
        /** A rest that asks nothing of the source. */
        static Rest none() {
            return None.INSTANCE;
        }

        /**
         * Ends the rest: brings back the state from before. Harmless when repeated. Does its best even when part of it fails,
         * or when the thread is interrupted, and then throws.
         */
        @Override
        void close() throws IOException;

        /** No rest at all; the engine then tells nobody of one. */
        enum None implements Rest {
            INSTANCE;

            @Override
            public void close() {}
        }
    }
}
