package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.Digests;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the content of a file is stored.
 *
 * @param slices its bytes, without holes, in order
 * @param depth 0 if the slices refer to chunks of content; otherwise the number of levels of nodes, of which the slices
 *     refer to the first
 * @param piece the first 16 bytes of the name of its piece, if the content is a single piece; null otherwise
 * @param holes the regions of the file that its bytes fill, if it is sparse
 */
@SuppressWarnings("ArrayRecordComponent")
public record FileContent(List<Slice> slices, int depth, byte @Nullable [] piece, Optional<SparseMap> holes) {
    /** The number of bytes of a piece's name that are kept. */
    public static final int PIECE_BYTES = 16;

    public FileContent {
        slices = List.copyOf(slices);
    }

    /** Returns the number of bytes in all slices. */
    public long bytes() {
        return slices.stream().mapToLong(Slice::length).reduce(0, Math::addExact);
    }

    /** Returns whether the content is the single piece of this name. */
    public boolean isPiece(byte[] name) {
        return piece != null && Arrays.equals(piece, 0, PIECE_BYTES, name, 0, PIECE_BYTES);
    }

    /**
     * Returns a name that is equal if and only if the content is. This holds because the names and boundaries of chunks
     * are derived from content.
     */
    public String identity() {
        StringBuilder out = new StringBuilder();
        if (piece != null) {
            out.append(Digests.hex(piece));
        } else {
            for (Slice slice : slices) {
                out.append(slice.chunk()).append('.');
            }
        }
        holes.ifPresent(map -> {
            out.append('/').append(map.size());
            for (int i = 0; i < map.regions(); i++) {
                out.append(',').append(map.offset(i)).append('+').append(map.length(i));
            }
        });
        return out.toString();
    }
}
