/** Documents that adapters write into a snapshot about what they capture. */
package dev.lifeboat.internal.document;
