/** What a restore into a cluster is going to do, and what keeps it from that. */
package dev.lifeboat.kubernetes.plan;
