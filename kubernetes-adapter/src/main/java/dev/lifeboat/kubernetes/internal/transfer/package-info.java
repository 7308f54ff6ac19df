/** Files of volumes: on the host, and through commands in pods. */
package dev.lifeboat.kubernetes.internal.transfer;
