/** What a cluster is, and how it fails. */
package dev.lifeboat.kubernetes.cluster;
