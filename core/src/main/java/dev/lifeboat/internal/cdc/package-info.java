/** Cutting content where the content says so. */
package dev.lifeboat.internal.cdc;
