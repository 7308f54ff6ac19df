/** Backups that Velero keeps in an object store: read, imported, and written. */
package dev.lifeboat.kubernetes.velero;
