/** Capture and loading of images. */
package dev.lifeboat.docker.internal.image;
