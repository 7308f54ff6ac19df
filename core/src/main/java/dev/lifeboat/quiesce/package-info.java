/** Keeping a source in a consistent state while it is read. */
package dev.lifeboat.quiesce;
