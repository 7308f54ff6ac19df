/** Entries of the audit trail, and how they are signed, stored and verified: docs/FORMAT.md, section 16. */
package dev.lifeboat.internal.audit;
