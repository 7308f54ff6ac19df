/** What Java Flight Recorder is told of operations. */
package dev.lifeboat.internal.jfr;
