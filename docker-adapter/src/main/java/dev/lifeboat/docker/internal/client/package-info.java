/** HTTP client of an engine, and access to its files. */
package dev.lifeboat.docker.internal.client;
