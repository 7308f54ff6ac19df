/** What is known about an engine, and how it fails. */
package dev.lifeboat.docker.engine;
