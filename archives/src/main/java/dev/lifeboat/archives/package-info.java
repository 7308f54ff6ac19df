/** Archives of other programs as sources and as exports. */
package dev.lifeboat.archives;
