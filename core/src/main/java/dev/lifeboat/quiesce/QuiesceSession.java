package dev.lifeboat.quiesce;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A session of an application that keeps its files in a consistent state, such as a lock that a database holds. It runs
 * commands in the container of the application.
 */
public interface QuiesceSession {
    /**
     * Returns one that runs a command, and another one at the end. The second one runs even if the first one fails; it
     * has to work then, too. The journal records it, so it must hold no secret.
     */
    static QuiesceSession exec(ContainerCommand before, ContainerCommand after) {
        return new ExecHooks(before, after);
    }

    /** Returns one that runs a command by which the application writes what it holds in memory. Nothing is held. */
    static QuiesceSession exec(ContainerCommand before) {
        return new CheckpointSession(before);
    }

    /**
     * Returns one that holds a Redis server in a state in which its files can be copied: a snapshot is saved (BGSAVE),
     * and the append-only file is not rewritten until the end.
     *
     * @param client the command that reaches the server; none means {@code redis-cli}. The journal records it, so it
     *     must hold no password: set {@code REDISCLI_AUTH} in the container
     */
    static QuiesceSession redis(String... client) {
        return new RedisSession(client.length == 0 ? List.of("redis-cli") : List.of(client));
    }

    /**
     * Returns one that locks a MariaDB or MySQL server, so that tables of all storage engines are whole. Statements
     * that run for longer than a minute fail the backup. The server still writes its files, so they have to be copied
     * at one moment: of a paused container, or of a snapshot of the volume.
     *
     * @param client the command that reaches the server and prints rows as they come, without names of columns; it
     *     reads statements from its input. None means {@code mariadb} or {@code mysql} as root, with the password that
     *     the official images take from their environment
     */
    static QuiesceSession mariaDb(String... client) {
        return new MariaDbSession(client.length == 0 ? MariaDbSession.DEFAULT : List.of(client));
    }

    /**
     * Returns one that has a PostgreSQL server write a checkpoint, so that it recovers from a copy in a moment. Nothing
     * is held, so its files have to be copied at one moment: of a paused container, or of a snapshot of the volume.
     *
     * @param client the command that runs a statement, which follows it as the last argument. None means {@code psql}
     *     as the superuser that the official image takes from its environment, {@code postgres} if it has none
     */
    static QuiesceSession postgres(String... client) {
        return CheckpointSession.ofPostgres(List.of(client));
    }

    /**
     * Begins the session.
     *
     * @param container that the application runs in; it is running
     * @return ends the session when it is closed; {@link QuiesceHandle#none} if nothing is held
     * @throws IOException if the session cannot begin; the command of {@link #recovery} is run then
     */
    QuiesceHandle begin(RunningContainer container) throws IOException;

    /**
     * Returns the command that ends the session if it cannot begin, or if this process is killed. Empty if the session
     * ends by itself then, as one does that lasts as long as a {@link HeldCommand}. It is asked for before the session
     * begins, and recorded in the journal, so it must hold no secret.
     *
     * @throws IOException if the container has to be asked and does not answer
     */
    default Optional<ContainerCommand> recovery(RunningContainer container) throws IOException {
        return Optional.empty();
    }
}
