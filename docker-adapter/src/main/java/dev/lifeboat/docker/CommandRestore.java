package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.restore.CommandRestoreSession;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.util.List;

/**
 * Restores what a command printed by streaming it into the standard input of another command in a running container,
 * such as the client of a database. The restore fails if the exit code is not 0; what the command has done by then
 * stays. The container needs {@code sh} and {@code head}, which tell the command where its input ends.
 *
 * <p>Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class CommandRestore implements RestoreTarget {
    private final EngineClient client;
    private final String container;
    private final List<String> words;
    private final String user;

    CommandRestore(EngineClient client, String container, List<String> words, String user) {
        this.client = client;
        this.container = container;
        this.words = List.copyOf(words);
        this.user = user;
    }

    /** Sets the user that runs the command, by name or id; that of the container unless set. */
    public CommandRestore asUser(String newUser) {
        return new CommandRestore(client, container, words, newUser);
    }

    @Override
    public String location() {
        // Its arguments may have a password, and this is in messages and records.
        return "'" + words.get(0) + "' in container " + container + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) {
        return new CommandRestoreSession(client, container, words, user, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
