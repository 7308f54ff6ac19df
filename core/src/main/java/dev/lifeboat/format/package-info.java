/** Archive formats: the strategy {@link dev.lifeboat.format.ArchiveFormat} and its parts. */
package dev.lifeboat.format;
