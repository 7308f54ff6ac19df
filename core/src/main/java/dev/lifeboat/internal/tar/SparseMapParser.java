package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.DamagedException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads the map at the start of the data of a GNU.sparse 1.0 member: decimal numbers, one a line (the number of
 * regions, then offset and length of each), padded with zeros to whole blocks.
 */
public final class SparseMapParser {
    private final InputStream in;
    private final byte[] block = new byte[TarHeaders.BLOCK];
    private int at = TarHeaders.BLOCK;
    private long consumed;

    private SparseMapParser(InputStream in) {
        this.in = in;
    }

    /**
     * Adds the regions to a map and leaves the stream at the first byte of data.
     *
     * @return the number of bytes of the map
     */
    public static long parse(InputStream in, SparseMap.Builder map) throws IOException {
        SparseMapParser parser = new SparseMapParser(in);
        long regions = parser.number();
        for (long i = 0; i < regions; i++) {
            TarReader.region(map, parser.number(), parser.number());
        }
        return parser.consumed;
    }

    private long number() throws IOException {
        StringBuilder digits = new StringBuilder();
        for (int b; (b = read()) != '\n'; ) {
            if (digits.length() == 19) {
                throw new DamagedException("a number in a sparse map is too long");
            }
            digits.append((char) b);
        }
        return TarNumbers.decimal(digits.toString());
    }

    private int read() throws IOException {
        if (at == TarHeaders.BLOCK) {
            if (in.readNBytes(block, 0, TarHeaders.BLOCK) != TarHeaders.BLOCK) {
                throw new DamagedException("the tar ends early, in a sparse map");
            }
            consumed += TarHeaders.BLOCK;
            at = 0;
        }
        return block[at++] & 0xff;
    }
}
