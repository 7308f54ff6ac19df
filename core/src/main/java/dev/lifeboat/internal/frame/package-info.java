/** Objects made of frames: compressed side by side, checked one by one, read from any place. */
package dev.lifeboat.internal.frame;
