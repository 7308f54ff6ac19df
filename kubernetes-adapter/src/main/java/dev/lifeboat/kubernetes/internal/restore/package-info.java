/** How namespaces are restored: plan, order, execution. */
package dev.lifeboat.kubernetes.internal.restore;
