/** Drills: restores that prove a backup, and what they have found. */
package dev.lifeboat.automation.drill;
