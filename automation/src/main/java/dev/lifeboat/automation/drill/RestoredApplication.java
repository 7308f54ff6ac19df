package dev.lifeboat.automation.drill;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * An application that a drill has restored, as its checks see it. Members are named as in the snapshot: a service of a
 * Compose project such as {@code db}, or {@code db-2} if there are several of it, or a container. Thread-safe. It is
 * gone when the drill ends.
 */
public interface RestoredApplication {
    /** Returns the names of its members. */
    List<String> members();

    /**
     * Returns an address at which this process reaches a port of a member, whether it was published or not.
     *
     * @param port that the member listens on
     * @throws IOException if there is no such member, or it cannot be reached from here; use {@link #exec} then
     */
    InetSocketAddress address(String member, int port) throws IOException;

    /**
     * Returns {@link #address} as {@code host:port}, for the URL of a database or of a page.
     *
     * @throws IOException as {@link #address} does
     */
    default String hostAndPort(String member, int port) throws IOException {
        InetSocketAddress address = address(member, port);
        return address.getHostString() + ":" + address.getPort();
    }

    /**
     * Runs a command in a member to its end.
     *
     * @param command the program and its arguments; no shell is involved
     * @throws IOException if there is no such member, it does not run, or the command cannot be run
     */
    CommandResult exec(String member, String... command) throws IOException;

    /**
     * How a command has ended.
     *
     * @param exitCode its exit code
     * @param output the last part of what it printed, standard output and standard error
     */
    record CommandResult(long exitCode, String output) {}

    /**
     * Reads a file of a member, in a volume or not.
     *
     * @param path absolute, in the member
     * @param limit how many bytes it may have
     * @throws java.io.FileNotFoundException if there is no such file
     * @throws IOException if it has more bytes, or is no file
     */
    byte[] read(String member, String path, int limit) throws IOException;
}
