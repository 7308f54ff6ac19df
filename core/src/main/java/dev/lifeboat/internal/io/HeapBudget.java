package dev.lifeboat.internal.io;

/**
 * How much memory buffers may take, by the maximum size of the heap: all of them together some half of it. From 256 MiB on
 * packs have their full size.
 */
public final class HeapBudget {
    private static final long MIB = 1 << 20;

    private HeapBudget() {}

    /** Returns the size at which a pack of content is full: 16 MiB, or a sixteenth of the heap, but at least 2 MiB. */
    public static int packBytes() {
        return (int) Math.max(2 * MIB, Math.min(16 * MIB, Runtime.getRuntime().maxMemory() / 16));
    }

    /**
     * Returns how many tasks may hold buffers at once.
     *
     * @param useful the number that keeps the processors busy
     * @param bytesEach that a task holds
     */
    public static int tasks(int useful, long bytesEach) {
        long fit = Runtime.getRuntime().maxMemory() / 6 / bytesEach;
        return (int) Math.max(1, Math.min(useful, fit));
    }
}
