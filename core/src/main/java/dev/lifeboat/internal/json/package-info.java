/** JSON, and the sealed documents that small objects are. */
package dev.lifeboat.internal.json;
