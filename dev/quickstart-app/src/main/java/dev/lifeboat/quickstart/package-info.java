/** The quickstart. */
package dev.lifeboat.quickstart;
