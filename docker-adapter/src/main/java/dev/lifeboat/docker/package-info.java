/** Backup and restore of containers, images and volumes of a Docker Engine. */
package dev.lifeboat.docker;
