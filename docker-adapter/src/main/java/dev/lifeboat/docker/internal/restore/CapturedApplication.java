package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ApplicationModel;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What is restored, as far as the documents of the snapshot describe it.
 *
 * @param members documents of its containers, by key
 * @param networks by name
 * @param project of Compose, if it is one that is restored as a whole
 * @param model dependencies of the containers
 */
record CapturedApplication(
        Map<String, ContainerDocument> members,
        Map<String, NetworkSpec> networks,
        Optional<ProjectDocument> project,
        ApplicationModel model) {
    static CapturedApplication of(
            Map<String, ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            Optional<ProjectDocument> project)
            throws IOException {
        Map<String, ContainerSpec> containers = new TreeMap<>();
        members.forEach((key, document) -> containers.put(key, document.container()));
        return new CapturedApplication(
                Collections.unmodifiableMap(new TreeMap<>(members)),
                Collections.unmodifiableMap(new TreeMap<>(networks)),
                project,
                ApplicationModel.of(containers));
    }

    /** Its volumes by key, those first that no container mounts. */
    Map<String, CapturedVolume> volumes() {
        Map<String, CapturedVolume> volumes = new TreeMap<>();
        project.ifPresent(p -> p.volumes().forEach(volume -> volumes.put(volume.key(), volume)));
        members.values()
                .forEach(document -> document.volumes().forEach(volume -> volumes.putIfAbsent(volume.key(), volume)));
        return volumes;
    }
}
