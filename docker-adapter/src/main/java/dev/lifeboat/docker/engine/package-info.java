/** Properties and errors of an engine. */
package dev.lifeboat.docker.engine;
