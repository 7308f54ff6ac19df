/** Containers and volumes on their way into a snapshot. */
package dev.lifeboat.docker.internal.capture;
