package dev.lifeboat.docker.quiesce;

import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.util.Optional;

/**
 * A command before a container is read, and one afterwards.
 *
 * @param before run first
 * @param after run at the end, even if the first one failed
 */
public record ExecHooks(ContainerCommand before, ContainerCommand after) implements QuiesceSession {
    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        boolean begun = false;
        try {
            container.check(before);
            begun = true;
            return () -> container.check(after);
        } finally {
            if (!begun) {
                end(container);
            }
        }
    }

    @Override
    public Optional<ContainerCommand> recovery(RunningContainer container) {
        return Optional.of(after);
    }

    /** That the first command failed is what is reported. */
    private void end(RunningContainer container) {
        try {
            container.check(after);
        } catch (IOException e) {
            System.getLogger(ExecHooks.class.getName())
                    .log(System.Logger.Level.WARNING, "the second command failed, too: {0}", e.getMessage());
        }
    }
}
