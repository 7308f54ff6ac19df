/** The tar format: names of any bytes, nanoseconds, extended attributes, holes. */
package dev.lifeboat.internal.tar;
