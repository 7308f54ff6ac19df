/** Objects of a repository as manifests of a registry: docs/adr/0026-registry-storage.md. */
package dev.lifeboat.oci.internal.storage;
