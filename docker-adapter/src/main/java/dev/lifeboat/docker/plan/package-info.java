/** Plans of restores: the actions that a restore will take. */
package dev.lifeboat.docker.plan;
