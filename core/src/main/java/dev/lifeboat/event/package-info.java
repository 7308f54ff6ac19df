/** What listeners of an operation receive. */
package dev.lifeboat.event;
