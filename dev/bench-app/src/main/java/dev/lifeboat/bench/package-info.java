/** Operations as whole processes, to be timed from outside. */
package dev.lifeboat.bench;
