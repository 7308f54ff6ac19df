package dev.lifeboat.docker.quiesce;

import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.QuiesceSession;
import java.util.Objects;
import java.util.Optional;

/**
 * How a container is quiesced while it is read. Afterwards its former state is restored, whether reading succeeds or
 * not. A container that does not run is read as it is. So is one that is paused already, except that {@link #stop}
 * refuses it. Commands and sessions need a running container; otherwise they are skipped. The container that this
 * process runs in is neither paused nor stopped; the snapshot has a problem then. Immutable.
 */
public final class Quiesce {
    private static final Quiesce NONE = new Quiesce("NONE", Level.NONE, Optional.empty());
    private static final Quiesce PAUSE = new Quiesce("PAUSE", Level.PAUSE, Optional.empty());
    private static final Quiesce STOP = new Quiesce("STOP", Level.STOP, Optional.empty());

    private final String name;
    private final Level level;
    private final Optional<QuiesceSession> session;

    /** What is done to the container itself. */
    public enum Level {
        /** Nothing. */
        NONE,
        /** It is paused. */
        PAUSE,
        /** It is stopped. */
        STOP
    }

    private Quiesce(String name, Level level, Optional<QuiesceSession> session) {
        this.name = name;
        this.level = level;
        this.session = session;
    }

    /** Not quiesced: files that change while they are read may be captured in a mix of states; they are reported. */
    public static Quiesce none() {
        return NONE;
    }

    /**
     * Paused: the copy is crash-consistent, as after a power failure, from which databases recover. Takes some 20
     * milliseconds; connections stay open.
     */
    public static Quiesce pause() {
        return PAUSE;
    }

    /**
     * Stopped with its own stop signal and timeout, then started again: for data that does not survive a power failure.
     * A container that is paused, or was run with {@code --rm}, is refused.
     */
    public static Quiesce stop() {
        return STOP;
    }

    /**
     * Runs a command in the container before it is read, and another one afterwards, such as one that flushes and locks
     * files, and one that unlocks them. The second one runs even if the first one fails; it has to work then, too. The
     * journal records it, so that {@code Docker.recover()} runs it if this process is killed: it must hold no secret.
     * If either fails, exceeds its time limit or cannot be run, so does the backup.
     */
    public static Quiesce exec(ContainerCommand before, ContainerCommand after) {
        return new Quiesce("EXEC", Level.NONE, Optional.of(QuiesceSession.exec(before, after)));
    }

    /** Holds a session of the application while the container is read. */
    public static Quiesce session(QuiesceSession session) {
        return new Quiesce("SESSION", Level.NONE, Optional.of(session));
    }

    /**
     * Holds a Redis server in a state in which its files can be copied: a snapshot is saved (BGSAVE), and the
     * append-only file is not rewritten until the container was read.
     *
     * @param client the command that reaches the server; none means {@code redis-cli}. The journal records it, so it
     *     must hold no password: set {@code REDISCLI_AUTH} in the container
     */
    public static Quiesce redis(String... client) {
        return session(QuiesceSession.redis(client));
    }

    /**
     * Locks a MariaDB or MySQL server, so that tables of all storage engines are whole, and pauses it while it is read.
     * Statements that run for longer than a minute fail the backup.
     *
     * @param client the command that reaches the server and prints rows as they come, without names of columns; it
     *     reads statements from its input. None means {@code mariadb} or {@code mysql} as root, with the password that
     *     the official images take from their environment
     */
    public static Quiesce mariaDb(String... client) {
        return session(QuiesceSession.mariaDb(client)).andPause();
    }

    /**
     * Has a PostgreSQL server write a checkpoint, so that it recovers from the copy in a moment, and pauses it while it
     * is read. Tablespaces in other volumes are read at the same moment.
     *
     * @param client the command that runs a statement, which follows it as the last argument. None means {@code psql}
     *     as the superuser that the official image takes from its environment, {@code postgres} if it has none
     */
    public static Quiesce postgres(String... client) {
        return session(QuiesceSession.postgres(client)).andPause();
    }

    /**
     * Returns a copy that also pauses the container, once the command has run or the session has begun.
     *
     * @throws IllegalStateException if it pauses or stops it already
     */
    public Quiesce andPause() {
        if (level != Level.NONE) {
            throw new IllegalStateException("the container is quiesced already: " + name);
        }
        return session.isEmpty() ? PAUSE : new Quiesce(name + "+PAUSE", Level.PAUSE, session);
    }

    /** Returns the name that the snapshot records, such as {@code PAUSE} or {@code EXEC+PAUSE}. */
    public String name() {
        return name;
    }

    /** Returns what is done to the container itself. */
    public Level level() {
        return level;
    }

    /** Returns the session that is held, or the commands that are run. */
    public Optional<QuiesceSession> session() {
        return session;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Quiesce that && name.equals(that.name) && session.equals(that.session);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, session);
    }

    @Override
    public String toString() {
        return name;
    }
}
