/** How an image lies in a snapshot, and the documents of the OCI image layout. */
package dev.lifeboat.oci.internal.image;
