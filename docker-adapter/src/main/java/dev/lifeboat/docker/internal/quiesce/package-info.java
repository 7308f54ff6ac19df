/** Pausing and stopping of containers, and their resumption. */
package dev.lifeboat.docker.internal.quiesce;
