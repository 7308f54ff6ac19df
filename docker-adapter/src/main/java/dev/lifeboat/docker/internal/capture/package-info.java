/** Capture of containers and volumes. */
package dev.lifeboat.docker.internal.capture;
