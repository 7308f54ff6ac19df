package dev.lifeboat.entry;

/**
 * Which device a device node stands for.
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
}
