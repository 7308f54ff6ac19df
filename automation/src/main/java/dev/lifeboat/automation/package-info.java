/** Schedules of backups, and the health of what they have made. */
package dev.lifeboat.automation;
