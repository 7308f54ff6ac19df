/** Microbenchmarks of the inner loops after warm-up; dev/bench measures whole processes. */
package dev.lifeboat.jmh;
