package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.quiesce.Quiesce;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * What is captured of an application, and how.
 *
 * @param quiesce how its containers are quiesced
 * @param quiesceOf how those of a service, or a container of that name, are quiesced instead
 * @param bindMounts whether the content of bind mounts is captured
 * @param configurationFiles whether files of the host that belong to the configuration are: compose files, secrets,
 *     configs
 * @param images whether the images are
 * @param withoutVolumes names of volumes whose content is not
 * @param preCopy whether what is in view is read before the containers are quiesced, and then only what has changed
 */
public record CaptureOptions(
        Quiesce quiesce,
        Map<String, Quiesce> quiesceOf,
        boolean bindMounts,
        boolean configurationFiles,
        boolean images,
        Set<String> withoutVolumes,
        boolean preCopy) {
    public CaptureOptions {
        quiesceOf = Map.copyOf(quiesceOf);
        withoutVolumes = Set.copyOf(withoutVolumes);
    }

    /** Returns the options of a container. */
    public static CaptureOptions ofContainer() {
        return new CaptureOptions(Quiesce.none(), Map.of(), false, false, true, Set.of(), true);
    }

    /** Returns the options of an application. */
    public static CaptureOptions ofApplication() {
        return new CaptureOptions(Quiesce.none(), Map.of(), false, true, true, Set.of(), true);
    }

    /** Returns a copy that quiesces in another way. */
    public CaptureOptions withQuiesce(Quiesce newQuiesce) {
        return new CaptureOptions(
                newQuiesce, quiesceOf, bindMounts, configurationFiles, images, withoutVolumes, preCopy);
    }

    /** Returns a copy that quiesces some containers in another way. */
    public CaptureOptions withQuiesceOf(Map<String, Quiesce> newQuiesceOf) {
        return new CaptureOptions(
                quiesce, newQuiesceOf, bindMounts, configurationFiles, images, withoutVolumes, preCopy);
    }

    /** Returns a copy that captures the content of bind mounts. */
    public CaptureOptions withBindMounts() {
        return new CaptureOptions(quiesce, quiesceOf, true, configurationFiles, images, withoutVolumes, preCopy);
    }

    /** Returns a copy that captures no files of the host, bind mounts aside. */
    public CaptureOptions withoutConfigurationFiles() {
        return new CaptureOptions(quiesce, quiesceOf, bindMounts, false, images, withoutVolumes, preCopy);
    }

    /** Returns a copy that captures no images. */
    public CaptureOptions withoutImages() {
        return new CaptureOptions(quiesce, quiesceOf, bindMounts, configurationFiles, false, withoutVolumes, preCopy);
    }

    /** Returns a copy that does not capture the content of some volumes. */
    public CaptureOptions withoutVolumes(Set<String> names) {
        return new CaptureOptions(quiesce, quiesceOf, bindMounts, configurationFiles, images, names, preCopy);
    }

    /** Returns a copy that reads everything once. */
    public CaptureOptions withoutPreCopy() {
        return new CaptureOptions(quiesce, quiesceOf, bindMounts, configurationFiles, images, withoutVolumes, false);
    }

    /** How a container is quiesced. */
    Quiesce quiesceOf(ContainerSpec container) throws IOException {
        String service = new ComposeLabels(container.labels()).service().orElse("");
        Quiesce byName = quiesceOf.get(container.name());
        return byName == null ? quiesceOf.getOrDefault(service, quiesce) : byName;
    }
}
