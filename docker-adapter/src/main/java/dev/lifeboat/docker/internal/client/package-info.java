/** HTTP to an engine, and the ways to its files. */
package dev.lifeboat.docker.internal.client;
