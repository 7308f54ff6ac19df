/** Drills of backups at an engine. They need the module {@code lifeboat-automation}. */
package dev.lifeboat.docker.drill;
