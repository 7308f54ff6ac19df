package dev.lifeboat.entry;

import org.jspecify.annotations.Nullable;

/**
 * The device number of a device node.
 *
 * @param major 0 to 2^32 - 1
 * @param minor 0 to 2^32 - 1
 */
public record DeviceNumber(long major, long minor) {
    public DeviceNumber {
        if (major < 0 || minor < 0 || major > 0xFFFF_FFFFL || minor > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("device number is out of range: " + major + ":" + minor);
        }
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof DeviceNumber other && major == other.major && minor == other.minor;
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(major) + Long.hashCode(minor);
    }
}
