/** The tar format, to the byte: names of any bytes, nanoseconds, extended attributes, holes. */
package dev.lifeboat.internal.tar;
