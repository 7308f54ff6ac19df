/** Snapshots, sessions and their objects. */
package dev.lifeboat.internal.catalog;
