/** Failures of registries. */
package dev.lifeboat.oci.registry;
