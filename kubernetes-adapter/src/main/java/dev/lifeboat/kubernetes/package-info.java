/** Namespaces of a Kubernetes cluster as sources of snapshots, and as restore targets. */
package dev.lifeboat.kubernetes;
