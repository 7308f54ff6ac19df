package dev.lifeboat.quiesce;

import java.time.Duration;
import java.util.List;

/**
 * A command to run in a container.
 *
 * @param words the program and its arguments; no shell is involved
 * @param user name or id of the user that runs it; empty for that of the container
 * @param timeout how long it may take
 */
public record ContainerCommand(List<String> words, String user, Duration timeout) {
    private static final Duration DEFAULT = Duration.ofMinutes(1);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if there are no words, or the time limit is not positive
     */
    public ContainerCommand {
        words = List.copyOf(words);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a command has at least one word");
        }
        if (timeout.isZero() || timeout.isNegative()) {
            throw new IllegalArgumentException("time limit is not positive: " + timeout);
        }
    }

    /** Returns a command that the container's user runs, for at most a minute. */
    public static ContainerCommand of(String... words) {
        return new ContainerCommand(List.of(words), "", DEFAULT);
    }

    /** Returns a copy that another user runs. */
    public ContainerCommand asUser(String newUser) {
        return new ContainerCommand(words, newUser, timeout);
    }

    /** Returns a copy with another time limit. */
    public ContainerCommand within(Duration newTimeout) {
        return new ContainerCommand(words, user, newTimeout);
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
