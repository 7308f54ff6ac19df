package dev.lifeboat.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Makes the long file of {@code dev/bench data long}, and changes it: the same bytes each time. */
public final class LongFile {
    private static final int BLOCK = 64 * 1024;
    private static final int BLOCKS = 16 * 1024;
    private static final String[] WORDS = "select insert update delete from where order group index table".split(" ");

    private LongFile() {}

    /** Runs {@code make <file> [blocks]}, or {@code change <file>}, which writes one block in a hundred anew. */
    public static void main(String[] args) throws IOException {
        boolean make = args[0].equals("make");
        int blocks = args.length > 2 ? Integer.parseInt(args[2]) : BLOCKS;
        Random random = new Random(make ? 1 : 2);
        try (var file = new RandomAccessFile(args[1], "rw")) {
            if (make) {
                for (int i = 0; i < blocks; i++) {
                    file.write(block(random));
                }
                return;
            }
            int written = (int) (file.length() / BLOCK);
            for (int i = 0; i < written / 100; i++) {
                file.seek((long) random.nextInt(written) * BLOCK);
                file.write(block(random));
            }
        }
    }

    /** Returns a block of which one half is random and the other is words, in rows as those of a database are. */
    private static byte[] block(Random random) {
        byte[] block = new byte[BLOCK];
        random.nextBytes(block);
        int at = 0;
        while (at < BLOCK / 2) {
            byte[] word = (WORDS[random.nextInt(WORDS.length)] + " ").getBytes(StandardCharsets.US_ASCII);
            int length = Math.min(word.length, BLOCK / 2 - at);
            System.arraycopy(word, 0, block, at, length);
            at += length;
        }
        return block;
    }
}
