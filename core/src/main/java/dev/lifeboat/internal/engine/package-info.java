/** What the operations of the front door are made of. */
package dev.lifeboat.internal.engine;
