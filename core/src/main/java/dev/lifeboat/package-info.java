/** The front door: {@link dev.lifeboat.Repository} and what it takes and gives. */
package dev.lifeboat;
