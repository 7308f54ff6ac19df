/** A JUnit Jupiter extension that sets containers back to a known state. */
package dev.lifeboat.junit;
