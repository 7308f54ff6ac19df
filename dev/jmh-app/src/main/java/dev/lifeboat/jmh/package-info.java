/** The inner loops by themselves, warm; whole processes are what dev/bench times. */
package dev.lifeboat.jmh;
