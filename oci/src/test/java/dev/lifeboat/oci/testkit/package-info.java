/** Registries for tests: a real one, one that tells lies, and a token server. */
@NullMarked
package dev.lifeboat.oci.testkit;

import org.jspecify.annotations.NullMarked;
