/** Images of OCI registries as sources and as restore targets. */
package dev.lifeboat.oci;
