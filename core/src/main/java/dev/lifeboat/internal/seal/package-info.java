/** Keys: the secrets of a repository, the slots they are stored in, and sealing with them. */
package dev.lifeboat.internal.seal;
