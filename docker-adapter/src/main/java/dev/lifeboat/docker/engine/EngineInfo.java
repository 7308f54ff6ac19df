package dev.lifeboat.docker.engine;

import java.nio.file.Path;
import java.util.List;

/**
 * What an engine is, as it said when it was first asked. Immutable.
 *
 * @param product the engine's product
 * @param version of the engine, such as {@code 28.5.2}
 * @param apiVersion version of the Docker API in which this library talks to it
 * @param store where it keeps images and writable layers
 * @param rootless whether it runs without root
 * @param userNamespaces whether containers see other owner ids than the host
 * @param os operating system of its containers, such as {@code linux}
 * @param architecture of its containers, as OCI names it: {@code amd64}
 * @param hostName of the machine that it runs on
 * @param dataRoot directory of its data, on that machine
 * @param warnings what is not proven to work with it; empty for engines that this library is tested with
 */
public record EngineInfo(
        Product product,
        String version,
        ApiVersion apiVersion,
        Store store,
        boolean rootless,
        boolean userNamespaces,
        String os,
        String architecture,
        String hostName,
        Path dataRoot,
        List<String> warnings) {
    /** Products. */
    public enum Product {
        /** Docker Engine (Moby). */
        DOCKER,
        /** Podman with its Docker-compatible API. */
        PODMAN,
        /** Any other server of the Docker API. */
        OTHER
    }

    /** Where an engine keeps images. */
    public enum Store {
        /**
         * Layers are unpacked, and the compressed blobs are not kept; the id of an image is the digest of its
         * configuration. Docker's graph drivers, and Podman.
         */
        GRAPH,
        /**
         * Blobs are kept as they came; the id of an image is the digest of its manifest or index. Docker with the
         * image store of containerd, the default of Docker 29.
         */
        CONTAINERD
    }

    public EngineInfo {
        warnings = List.copyOf(warnings);
    }

    @Override
    public String toString() {
        return product + " " + version + " (API " + apiVersion + ", "
                + store.name().toLowerCase(java.util.Locale.ROOT) + " store)";
    }
}
