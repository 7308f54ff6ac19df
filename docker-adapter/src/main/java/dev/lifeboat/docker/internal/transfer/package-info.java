/** Trees of files on their way from and to an engine. */
package dev.lifeboat.docker.internal.transfer;
