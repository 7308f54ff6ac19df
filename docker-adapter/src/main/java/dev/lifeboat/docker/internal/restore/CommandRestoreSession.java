package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Execs;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.io.BulkInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One restore of what a command printed, into another command. */
public final class CommandRestoreSession implements RestoreTarget.Session {
    private final EngineClient client;
    private final String container;
    private final List<String> words;
    private final String user;
    private final RestoreRequest request;
    private boolean found;

    /** Begins a restore; nothing is run yet. */
    public CommandRestoreSession(
            EngineClient client, String container, List<String> words, String user, RestoreRequest request) {
        this.client = client;
        this.container = container;
        this.words = words;
        this.user = user;
        this.request = request;
    }

    @Override
    public boolean offer(Entry entry) {
        if (!entry.path().equals(SnapshotLayout.OUTPUT) || !entry.isFile()) {
            return false;
        }
        found = true;
        request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.REPLACE));
        return !request.dryRun();
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        long size = entry.size().orElseThrow(() -> new IOException("'" + entry.path() + "' has an unknown size"));
        ContainerSpec inspect = new Containers(client).inspect(container);
        // The engine ends the input only with the connection, and that would lose what the command says about it.
        List<String> all = new ArrayList<>(List.of("sh", "-c", "head -c \"$0\" | \"$@\"", Long.toString(size)));
        all.addAll(words);
        Feed feed = new Feed(in);
        try (feed;
                Execs.Running running = new Execs(client).start(inspect.id(), inspect.name(), all, user, feed)) {
            feed.closeOnFailure(running);
            running.output().transferTo(OutputStream.nullOutputStream());
            feed.checkFailure();
            long exitCode = running.exitCode();
            if (exitCode != 0) {
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        "'" + String.join(" ", words) + "' in container " + inspect.name() + " ended with exit code "
                                + exitCode + ": " + running.errors());
            }
            if (feed.sent() != size) {
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        "'" + String.join(" ", words) + "' in container " + inspect.name() + " ended after "
                                + feed.sent() + " of " + size + " bytes");
            }
        } catch (IOException e) {
            feed.checkFailure();
            throw e;
        }
    }

    /**
     * The content on its way to the command. The client reads it on a thread of its own, where a failure would be lost.
     */
    private static final class Feed extends BulkInputStream {
        private final InputStream content;
        private long sent;
        private boolean closed;
        private @Nullable IOException failure;
        private @Nullable Closeable onFailure;

        Feed(InputStream content) {
            this.content = content;
        }

        @Override
        public synchronized int read(byte[] bytes, int offset, int length) {
            if (closed) {
                return -1;
            }
            try {
                int count = content.read(bytes, offset, length);
                sent += Math.max(0, count);
                return count;
            } catch (IOException e) {
                failure = e;
                fail();
                return -1;
            }
        }

        /** The command waits for the rest of its input, and is not to get it. */
        private void fail() {
            try {
                if (onFailure != null) {
                    onFailure.close();
                }
            } catch (IOException e) {
                // The failure of the content is what is thrown.
                closed = true;
            }
        }

        synchronized void closeOnFailure(Closeable command) {
            onFailure = command;
            if (failure != null) {
                fail();
            }
        }

        synchronized void checkFailure() throws IOException {
            if (failure != null) {
                throw failure;
            }
        }

        synchronized long sent() {
            return sent;
        }

        /** Waits until the other thread reads no more. */
        @Override
        public synchronized void close() {
            closed = true;
        }
    }

    /** Only one entry is wanted, and its content is the restore. */
    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public void commit() throws IOException {
        if (!found) {
            throw new IOException("the snapshot has no output of a command; choose a snapshot of exec(..)");
        }
    }

    @Override
    public void close() {}
}
