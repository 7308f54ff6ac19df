package dev.lifeboat.docker;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import java.io.IOException;
import java.io.InputStream;

/** Puts all that it is offered below a directory of another sink. */
class MovedSink implements EntrySink {
    private final EntrySink sink;
    private final EntryPath place;

    MovedSink(EntrySink sink, EntryPath place) {
        this.sink = sink;
        this.place = place;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return sink.offer(entry.below(place));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        sink.content(entry.below(place), in);
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(new Problem(place.resolve(problem.path()), problem.kind(), problem.detail()));
    }
}
