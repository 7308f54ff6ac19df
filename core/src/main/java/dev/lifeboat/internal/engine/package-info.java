/** What the operations of {@link dev.lifeboat.Repository} are built from. */
package dev.lifeboat.internal.engine;
