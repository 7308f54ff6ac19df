/** How containers are quiesced while they are read. */
package dev.lifeboat.docker.quiesce;
