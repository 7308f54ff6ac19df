/** Transfer of file trees to and from an engine. */
package dev.lifeboat.docker.internal.transfer;
