package dev.lifeboat.quiesce;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Saves a snapshot of a Redis server, and keeps it from rewriting its append-only file, as its documentation says that
 * backups do (redis.io/docs, Redis persistence, "Backing up AOF persistence").
 *
 * @param client the command that reaches the server
 */
record RedisSession(List<String> client) implements QuiesceSession {
    private static final String PERCENTAGE = "auto-aof-rewrite-percentage";
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long POLL_MILLIS = 100;

    RedisSession {
        client = List.copyOf(client);
    }

    private ContainerCommand command(String... words) {
        List<String> all = new ArrayList<>(client);
        all.addAll(Arrays.asList(words));
        return ContainerCommand.of(all.toArray(String[]::new));
    }

    private ContainerCommand allowRewrites(RunningContainer container) throws IOException {
        String answer = ask(container, "CONFIG", "GET", PERCENTAGE);
        List<String> lines = answer.lines().map(String::strip).toList();
        // Its client may print warnings before and after.
        int value = lines.indexOf(PERCENTAGE) + 1;
        if (value == 0 || value == lines.size() || !lines.get(value).matches("[0-9]{1,9}")) {
            throw new IOException("what answers in container " + container.name() + " does not tell " + PERCENTAGE
                    + "; is it a Redis server? It printed: " + answer);
        }
        return command("CONFIG", "SET", PERCENTAGE, lines.get(value));
    }

    @Override
    public Optional<ContainerCommand> recovery(RunningContainer container) throws IOException {
        return Optional.of(allowRewrites(container));
    }

    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        ContainerCommand allow = allowRewrites(container);
        ask(container, "CONFIG", "SET", PERCENTAGE, "0");
        await(container, "aof_rewrite_in_progress");
        await(container, "rdb_bgsave_in_progress");
        ask(container, "BGSAVE");
        await(container, "rdb_bgsave_in_progress");
        if (!info(container, "rdb_last_bgsave_status").equals("ok")) {
            throw new IOException("Redis in container " + container.name()
                    + " could not save a snapshot; see its log, and whether its disk is full");
        }
        return () -> check(container, allow);
    }

    /** The client ends with exit code 0 also if the server refuses a command. */
    private String ask(RunningContainer container, String... words) throws IOException {
        return check(container, command(words));
    }

    private static String check(RunningContainer container, ContainerCommand command) throws IOException {
        String answer = container.check(command).strip();
        if (answer.matches("(?s)\\(?(error\\) )?(ERR|NOAUTH|WRONGPASS|NOPERM|MISCONF|LOADING)\\b.*")) {
            throw new IOException("Redis in container " + container.name() + " refused '" + command + "': " + answer);
        }
        return answer;
    }

    private String info(RunningContainer container, String field) throws IOException {
        for (String line : ask(container, "INFO", "persistence").split("\r?\n", -1)) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1).strip();
            }
        }
        throw new IOException("what answers in container " + container.name() + " does not tell " + field
                + "; is it a Redis server?");
    }

    private void await(RunningContainer container, String field) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!info(container, field).equals("0")) {
            if (System.nanoTime() > end) {
                throw new IOException("Redis in container " + container.name() + " is still busy after "
                        + PATIENCE.toMinutes() + " minutes: " + field);
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while Redis saves a snapshot");
            }
        }
    }
}
