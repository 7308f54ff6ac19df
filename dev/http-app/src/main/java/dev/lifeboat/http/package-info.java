/** The SDK's HTTP clients, side by side. */
package dev.lifeboat.http;
