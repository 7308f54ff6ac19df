package dev.lifeboat.quiesce;

import java.io.IOException;

/** A running container, in which commands can be run. Thread-safe. */
public interface RunningContainer {
    /** Returns its id. */
    String id();

    /** Returns its name. */
    String name();

    /**
     * Runs a command to its end.
     *
     * @throws IOException if it cannot be run, or exceeds its time limit; then it may still run in the container
     */
    CommandResult run(ContainerCommand command) throws IOException;

    /**
     * Runs a command and fails unless its exit code is 0.
     *
     * @return what it printed
     * @throws IOException if its exit code is not 0, it cannot be run, or it exceeds its time limit
     */
    default String check(ContainerCommand command) throws IOException {
        CommandResult result = run(command);
        if (result.exitCode() != 0) {
            throw new IOException("'" + command + "' in container " + name() + " ended with exit code "
                    + result.exitCode() + ": " + result.output().strip());
        }
        return result.output();
    }

    /**
     * Starts a command whose input and output stay open until the result is closed.
     *
     * @throws IOException if it cannot be started
     */
    HeldCommand open(ContainerCommand command) throws IOException;

    /**
     * How a command has ended.
     *
     * @param exitCode its exit code
     * @param output the last 16 KiB of its standard output and standard error
     */
    record CommandResult(long exitCode, String output) {}
}
