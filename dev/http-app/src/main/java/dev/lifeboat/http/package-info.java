/** Comparison of the SDK's HTTP clients. */
package dev.lifeboat.http;
