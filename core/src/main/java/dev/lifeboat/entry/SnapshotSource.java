package dev.lifeboat.entry;

import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.util.Optional;

/**
 * Something of which snapshots are taken. An instance may be used for many snapshots, one at a time.
 *
 * <p>Every implementation must provide, and {@code SnapshotSourceContract} checks:
 *
 * <ul>
 *   <li>order: entries are offered in canonical order, each path once;
 *   <li>loss reporting: what cannot be captured is reported, entry by entry; nothing is dropped silently;
 *   <li>lazy reads: content that the sink does not want is not read, where the source allows it;
 *   <li>interruption: a call whose thread is interrupted throws {@link java.io.InterruptedIOException} soon;
 *   <li>no side effects: the source is left unchanged, except for access times.
 * </ul>
 */
public interface SnapshotSource extends EntrySource {
    /**
     * Returns the name of the series of snapshots, such as {@code container:web}: 1 to 255 characters without control
     * characters. Snapshots with the same name form one series, so the name must stay the same when the source is
     * re-created.
     *
     * @throws IOException if the source must be queried for its name and does not answer
     */
    String name() throws IOException;

    /**
     * Returns a copy with another name of the series. Hosts that share a repository need it where their containers or
     * volumes have the same name: such as {@code docker.container("web").named("host1:web")}.
     *
     * @param newName as {@link #name} requires it
     */
    default SnapshotSource named(String newName) {
        return new RenamedSource(this, newName);
    }

    /**
     * Returns whether the source holds secrets, such as those of a Kubernetes namespace: a repository that is not
     * encrypted then refuses it.
     */
    default boolean requiresEncryption() {
        return false;
    }

    /**
     * Returns what may be read while the source still runs, so that only what changes until then is read while it is
     * quiesced: files with fingerprints, under the paths under which {@link #sendTo(EntrySink, QuiesceHandle.Holder)}
     * sends them, in canonical order. They may be a mix of states; what is reported does not count. Called before
     * {@code sendTo}, and used once.
     *
     * @return empty if the source is not quiesced, or is to be read only once; what is read while it is quiesced then
     *     goes to the repository at once, and is not kept until the source is resumed
     * @throws IOException if the source must be queried and does not answer
     */
    default Optional<EntrySource> preCopy() throws IOException {
        return Optional.empty();
    }

    /**
     * Quiesces the source and sends all entries. Implementations override this method to send what cannot change before
     * the source is quiesced, such as the image of a container.
     *
     * @param holder receives the handle and closes it as soon as this method returns or throws
     * @throws IOException as {@link #sendTo(EntrySink)} and {@link #quiesce} do
     */
    default void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        holder.hold(quiesce());
        sendTo(sink);
    }

    /**
     * Quiesces the source: pauses the container or asks the database for a checkpoint. The caller closes the handle,
     * whether or not reading succeeds. If this method throws, the source is in the state that it had before the call.
     *
     * @throws IOException if the source cannot be quiesced
     */
    default QuiesceHandle quiesce() throws IOException {
        return QuiesceHandle.none();
    }
}
