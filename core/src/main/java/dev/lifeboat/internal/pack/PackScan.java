package dev.lifeboat.internal.pack;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds intact chunks in a damaged pack without its directory, by the header of each chunk. */
public final class PackScan {
    private static final int MAX_LOOKS = 16;

    private PackScan() {}

    /**
     * The place of a chunk.
     *
     * @param length including its header
     */
    public record Found(ChunkName name, int offset, int length) {}

    /** Finds all chunks whose checksums match. The content of an intact chunk is not searched. */
    public static List<Found> chunks(byte[] pack) throws IOException {
        List<Found> found = new ArrayList<>();
        // Without this limit, a writer with access to the store could make the scan read every byte many times.
        long budget = MAX_LOOKS * (long) pack.length;
        int at = 0;
        while (at <= pack.length - ChunkHeader.BYTES && budget > 0) {
            int claimed = ChunkHeader.claimedLength(pack, at);
            if (claimed < 0) {
                at++;
                continue;
            }
            Io.checkInterrupt();
            budget -= claimed;
            Optional<ChunkHeader> header = ChunkHeader.find(pack, at);
            if (header.isPresent()) {
                int length = ChunkHeader.BYTES + header.get().storedLength();
                found.add(new Found(header.get().name(), at, length));
                at += length;
            } else {
                at++;
            }
        }
        return found;
    }

    /** Reads the head of a pack; empty if it is damaged. */
    public static Optional<PackInfo> head(byte[] pack) {
        return PackFile.readHead(ByteBuffer.wrap(pack));
    }
}
