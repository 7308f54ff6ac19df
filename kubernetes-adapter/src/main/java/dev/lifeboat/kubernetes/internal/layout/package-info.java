/** Where objects and volumes lie in a snapshot. */
package dev.lifeboat.kubernetes.internal.layout;
