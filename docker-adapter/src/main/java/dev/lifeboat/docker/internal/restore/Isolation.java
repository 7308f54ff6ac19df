package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Keeps a copy from everything else: from the original, its storage, the host and other hosts.
 *
 * @param owner whose the copy is: what follows the name in the value of {@code Identity.DRILL}, by which all of it is
 *     found
 * @param paths directory for the content of captured bind mounts, if the engine's files are in view; it need not exist
 * @param created receives the containers by their key, once they are created
 */
public record Isolation(String owner, Path paths, Consumer<? super Map<String, ContainerSpec>> created) {}
