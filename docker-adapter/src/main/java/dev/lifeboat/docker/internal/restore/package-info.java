/** Planning and execution of restores. */
package dev.lifeboat.docker.internal.restore;
