package dev.lifeboat.internal.seal;

/**
 * A key slot with what its passphrase or key opens.
 *
 * @param slot as stored
 * @param bundle the secrets of the repository
 * @param signer what no other slot has
 */
public record OpenedSlot(KeySlot slot, KeyBundle bundle, Signer signer) {
    /** Returns the endorsement of the signer; empty if the key may not read, and its slot has none. */
    public byte[] endorsement(byte[] repository) {
        // What is stored may have been altered, or be of a slot that was made before there were endorsements.
        return bundle.mayRead()
                ? Signer.endorse(bundle, repository, slot.id(), slot.mayRead(), slot.label(), signer.publicKey())
                : slot.endorsement();
    }
}
