/** Plans of restores, and how they are carried out. */
package dev.lifeboat.docker.internal.restore;
