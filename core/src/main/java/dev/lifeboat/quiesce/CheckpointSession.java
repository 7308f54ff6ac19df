package dev.lifeboat.quiesce;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A command that has an application write what it holds in memory; nothing is held afterwards. */
record CheckpointSession(ContainerCommand command) implements QuiesceSession {
    /** As the superuser that the official image takes from its environment; the statement follows. */
    private static final List<String> PSQL = List.of(
            "sh", "-c", "exec psql -X -q -U \"${POSTGRES_USER:-${PGUSER:-postgres}}\" -d postgres -c \"$1\"", "sh");

    /** A server that has much to write takes long. */
    private static final Duration POSTGRES = Duration.ofMinutes(10);

    /**
     * Returns the session of a PostgreSQL server.
     *
     * @param client the command that runs a statement, which follows it; empty for that of the official image
     */
    static CheckpointSession ofPostgres(List<String> client) {
        List<String> words = new ArrayList<>(client.isEmpty() ? PSQL : client);
        words.add("checkpoint");
        return new CheckpointSession(new ContainerCommand(words, "", POSTGRES));
    }

    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        container.check(command);
        return QuiesceHandle.none();
    }
}
