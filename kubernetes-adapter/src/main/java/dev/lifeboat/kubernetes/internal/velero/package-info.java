/** The layout of Velero's object store, and how it writes JSON. */
package dev.lifeboat.kubernetes.internal.velero;
