/**
 * Contracts that every implementation of a strategy passes, and fakes with faults; published as the test-jar of core.
 */
package dev.lifeboat.testkit;
