/** The configuration of an engine's resources; every field is kept. */
package dev.lifeboat.docker.internal.model;
