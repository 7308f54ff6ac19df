@org.jspecify.annotations.NullMarked
package dev.lifeboat.internal.repair;
