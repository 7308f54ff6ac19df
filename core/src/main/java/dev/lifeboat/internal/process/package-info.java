/** Processes of this machine. */
package dev.lifeboat.internal.process;
