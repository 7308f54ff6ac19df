/** What a restore will do, before it does it. */
package dev.lifeboat.docker.plan;
