package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.Digests;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the content of a file is.
 *
 * @param slices its bytes, holes left out, in order
 * @param depth 0 if the slices are of content; otherwise they are of nodes, and below them are so many levels of nodes more, less one
 * @param piece the first 16 bytes of the name of its one piece, if it is one; null otherwise
 * @param holes where its bytes belong, if it is sparse
 */
@SuppressWarnings("ArrayRecordComponent")
public record FileContent(List<Slice> slices, int depth, byte @Nullable [] piece, Optional<SparseMap> holes) {
    /** Bytes of a piece's name that are kept. */
    public static final int PIECE_BYTES = 16;

    public FileContent {
        slices = List.copyOf(slices);
    }

    /** Bytes in all slices. */
    public long bytes() {
        return slices.stream().mapToLong(Slice::length).reduce(0, Math::addExact);
    }

    /** Whether the content is one piece of this name. */
    public boolean isPiece(byte[] name) {
        return piece != null && Arrays.equals(piece, 0, PIECE_BYTES, name, 0, PIECE_BYTES);
    }

    /** A name that is equal if and only if the content is; names of chunks follow from content, and cuts do, too. */
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
