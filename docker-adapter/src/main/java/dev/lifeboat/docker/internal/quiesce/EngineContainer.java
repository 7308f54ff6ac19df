package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Execs;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.HeldCommand;
import dev.lifeboat.quiesce.RunningContainer;
import java.io.IOException;
import java.time.Duration;

/**
 * A running container, as a session of an application sees it.
 *
 * @param id its id
 * @param name its name
 */
public record EngineContainer(EngineClient client, String id, String name) implements RunningContainer {
    @Override
    public CommandResult run(ContainerCommand command) throws IOException {
        Execs.Result result = new Execs(client).run(id, name, command.words(), command.user(), command.timeout());
        return new CommandResult(result.exitCode(), result.output());
    }

    @Override
    public HeldCommand open(ContainerCommand command) throws IOException {
        Execs.Held held = new Execs(client).open(id, name, command.words(), command.user());
        return new HeldCommand() {
            @Override
            public void send(String line) throws IOException {
                held.send(line);
            }

            @Override
            public String receive(Duration timeout) throws IOException {
                return held.receive(timeout);
            }

            @Override
            public void close() throws IOException {
                held.close();
            }
        };
    }
}
