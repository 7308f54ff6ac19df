/** How namespaces are read. */
package dev.lifeboat.kubernetes.internal.capture;
