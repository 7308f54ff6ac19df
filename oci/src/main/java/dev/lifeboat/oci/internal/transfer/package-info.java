/** Capture from a registry, and push to one. */
package dev.lifeboat.oci.internal.transfer;
