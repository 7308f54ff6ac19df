/** Containers that are paused or stopped by us. */
package dev.lifeboat.docker.internal.quiesce;
