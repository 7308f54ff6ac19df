package dev.lifeboat.internal.seal;

/**
 * A key slot with what its passphrase or key opens.
 *
 * @param slot as stored
 * @param bundle the secrets of the repository
 * @param signer what no other slot has
 */
public record OpenedSlot(KeySlot slot, KeyBundle bundle, Signer signer) {}
