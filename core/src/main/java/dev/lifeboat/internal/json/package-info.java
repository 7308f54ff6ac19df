/** JSON, and the sealed documents used for small objects. */
package dev.lifeboat.internal.json;
