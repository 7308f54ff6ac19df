/** Configuration of the resources of an engine; every field is kept. */
package dev.lifeboat.docker.internal.model;
