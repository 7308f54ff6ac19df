/** The entry point: {@link dev.lifeboat.Repository}, its operations and their results. */
package dev.lifeboat;
