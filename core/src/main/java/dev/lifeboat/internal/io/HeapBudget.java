package dev.lifeboat.internal.io;

/**
 * The memory that buffers may use, based on the maximum heap size: together about half of it. With a heap of at least
 * 256 MiB, packs have their full size.
 */
public final class HeapBudget {
    private static final long MIB = 1 << 20;

    private HeapBudget() {}

    /**
     * Returns the size of a full pack of content: 16 MiB or a sixteenth of the heap, whichever is less, but at least 2
     * MiB.
     */
    public static int packBytes() {
        return (int) Math.max(2 * MIB, Math.min(16 * MIB, Runtime.getRuntime().maxMemory() / 16));
    }

    /**
     * Returns the number of tasks that may hold buffers at once.
     *
     * @param useful the number that keeps the processors busy
     * @param bytesEach bytes that each task holds
     */
    public static int tasks(int useful, long bytesEach) {
        long fit = Runtime.getRuntime().maxMemory() / 6 / bytesEach;
        return (int) Math.max(1, Math.min(useful, fit));
    }

    /** Returns how much content of a quiesced source is kept in memory: 64 MiB or a sixteenth of the heap. */
    public static long spoolBytes() {
        return Math.min(64 * MIB, Runtime.getRuntime().maxMemory() / 16);
    }

    /** Returns how many files of a quiesced source may wait for the source to be resumed: 1 KiB each. */
    public static int spoolEntries() {
        return (int) Math.min(100_000, Runtime.getRuntime().maxMemory() / 16 / 1024);
    }

    /**
     * Returns how much memory the checksums of blocks may take: 32 MiB, for 256 GiB of files, or a thirty-second of the
     * heap.
     */
    public static long blockSumBytes() {
        return Math.min(32 * MIB, Runtime.getRuntime().maxMemory() / 32);
    }
}
