/** Records of pending deletions, and the quarantine. */
package dev.lifeboat.internal.maintenance;
