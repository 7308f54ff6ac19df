package dev.lifeboat.kubernetes.cluster;

/**
 * What a cluster is.
 *
 * @param server address of the API server
 * @param version of the API server, such as {@code v1.31.2}
 * @param platform of the API server, such as {@code linux/amd64}
 */
public record ClusterInfo(String server, String version, String platform) {}
