/** Images as they are saved and loaded. */
package dev.lifeboat.docker.internal.image;
