/** Events of Java Flight Recorder. */
package dev.lifeboat.internal.jfr;
