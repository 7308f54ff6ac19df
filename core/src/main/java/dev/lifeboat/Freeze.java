package dev.lifeboat;

import dev.lifeboat.entry.SnapshotSource;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Keeps a source's rest, ends it, and tells how long it was. */
final class Freeze implements SnapshotSource.RestKeeper, AutoCloseable {
    private final Events events;
    private SnapshotSource.Rest rest = SnapshotSource.Rest.none();
    private long begun;
    private Optional<Duration> lasted = Optional.empty();

    Freeze(Events events) {
        this.events = events;
    }

    @Override
    public void keep(SnapshotSource.Rest newRest) {
        rest = newRest;
        begun = System.nanoTime();
        if (rest != SnapshotSource.Rest.none()) {
            events.send(new OperationEvent.Quiesced());
        }
    }

    /** Empty if the source was not brought to rest. */
    Optional<Duration> lasted() {
        return lasted;
    }

    @Override
    public void close() throws IOException {
        if (rest != SnapshotSource.Rest.none()) {
            rest.close();
            Duration frozen = Duration.ofNanos(System.nanoTime() - begun);
            lasted = Optional.of(frozen);
            events.send(new OperationEvent.Resumed(frozen));
        }
    }
}
