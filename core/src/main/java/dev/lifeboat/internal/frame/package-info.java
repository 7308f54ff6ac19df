/** Objects made of frames: compressed in parallel, checked one by one, readable from any offset. */
package dev.lifeboat.internal.frame;
