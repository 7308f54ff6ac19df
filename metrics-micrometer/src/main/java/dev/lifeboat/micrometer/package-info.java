/** Metrics of backups for Micrometer. */
package dev.lifeboat.micrometer;
