/** Requests to the API server. */
package dev.lifeboat.kubernetes.internal.client;
