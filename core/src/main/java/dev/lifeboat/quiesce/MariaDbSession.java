package dev.lifeboat.quiesce;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A lock in a MariaDB or MySQL server that keeps all tables, of any storage engine, as they are: {@code BACKUP STAGE
 * BLOCK_COMMIT} where there is one, as in MariaDB from 10.4, else {@code FLUSH TABLES WITH READ LOCK}. The server drops
 * it when the client's connection ends.
 *
 * @param client the command that reaches the server, which reads statements from its input
 */
record MariaDbSession(List<String> client) implements QuiesceSession {
    /** As root, with the password that the official images take from their environment. */
    static final List<String> DEFAULT = List.of(
            "sh",
            "-c",
            "MYSQL_PWD=\"${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}\" exec \"$(command -v mariadb || command -v"
                    + " mysql)\" -uroot --batch --skip-column-names --unbuffered");

    /** A statement waits for those that are running. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final int MAX_LINES = 20;

    private static final String BEGUN = "lifeboat-begun";
    private static final String LOCKED = "lifeboat-locked";

    /** All other statements wait while this one waits for those that are running. */
    private static final String LIMIT = "set session lock_wait_timeout = 60; ";

    /** They have to be passed in order. */
    private static final String STAGES =
            "backup stage start; backup stage flush; backup stage block_ddl;" + " backup stage block_commit;";

    MariaDbSession {
        client = List.copyOf(client);
    }

    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        HeldCommand session = container.open(ContainerCommand.of(client.toArray(String[]::new)));
        boolean begun = false;
        try {
            String version = ask(container, session, "select concat('" + BEGUN + " ', version());", BEGUN);
            String statements = hasStages(version) ? STAGES : "flush tables with read lock;";
            ask(container, session, LIMIT + statements + " select '" + LOCKED + "';", LOCKED);
            begun = true;
            return session::close;
        } finally {
            if (!begun) {
                session.close();
            }
        }
    }

    /** Whether a version, such as {@code 10.11.6-MariaDB-0+deb12u1} or {@code 8.4.2}, has stages of a backup. */
    static boolean hasStages(String version) {
        String[] parts = version.split("[.-]", 3);
        if (!version.contains("MariaDB") || parts.length < 3 || !(parts[0] + parts[1]).matches("[0-9]{1,6}")) {
            return false;
        }
        int major = Integer.parseInt(parts[0]);
        return major > 10 || major == 10 && Integer.parseInt(parts[1]) >= 4;
    }

    private static String ask(RunningContainer container, HeldCommand session, String statements, String mark)
            throws IOException {
        session.send(statements);
        String line = "";
        // The client may print warnings of its own first.
        for (int i = 0; i < MAX_LINES && !line.startsWith("ERROR"); i++) {
            line = session.receive(PATIENCE).strip();
            if (line.startsWith(mark)) {
                return line.substring(mark.length()).strip();
            }
        }
        throw new IOException("the client in container " + container.name() + " printed '" + line + "' for '"
                + statements + "'. Is it a server of MariaDB or MySQL, and may this user lock tables?");
    }
}
