/** Layout of a snapshot of an application: docs/FORMAT.md, section 7. */
package dev.lifeboat.docker.internal.layout;
