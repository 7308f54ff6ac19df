/** Requests to a registry. */
package dev.lifeboat.oci.internal.client;
