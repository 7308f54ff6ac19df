/** What those who prune and those who write tell each other. */
package dev.lifeboat.internal.prune;
