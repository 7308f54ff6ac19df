package dev.lifeboat.quiesce;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;

/** A command that runs in a container, such as the client of a database, until it is closed. Not thread-safe. */
public interface HeldCommand extends Closeable {
    /**
     * Sends a line to its input.
     *
     * @throws IOException if it has ended
     */
    void send(String line) throws IOException;

    /**
     * Waits for a line of its standard output or standard error.
     *
     * @throws IOException if it ends, or prints none within the time limit
     */
    String receive(Duration timeout) throws IOException;

    /** Ends its input, which ends most commands, and the connection to it. Repeated calls have no effect. */
    @Override
    void close() throws IOException;
}
