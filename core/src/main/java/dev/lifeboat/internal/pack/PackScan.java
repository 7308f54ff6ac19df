package dev.lifeboat.internal.pack;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds whole chunks in what is left of a pack, without its directory: each has its own header. */
public final class PackScan {
    private static final int MAX_LOOKS = 16;

    private PackScan() {}

    /**
     * Where a chunk is.
     *
     * @param length with its header
     */
    public record Found(ChunkName name, int offset, int length) {}

    /** Finds all chunks that are whole by their checksums. What lies in the content of a chunk that is whole is not looked at. */
    public static List<Found> chunks(byte[] pack) throws IOException {
        List<Found> found = new ArrayList<>();
        // Whoever may write to the store could have it look at every byte again and again.
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

    /** What a pack says of itself at its beginning; empty if that is damaged. */
    public static Optional<PackInfo> head(byte[] pack) {
        return PackFile.readHead(ByteBuffer.wrap(pack));
    }
}
