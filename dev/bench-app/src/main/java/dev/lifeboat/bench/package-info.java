/** Operations as whole processes, measured from outside. */
package dev.lifeboat.bench;
