package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;

/** What a chunk holds. */
public enum ChunkKind {
    /** Content of files. */
    DATA(1),
    /** A node: the names of the chunks that a page refers to. */
    NODE(2),
    /** A page: entries, and everything else that only holders of the read right may see. */
    PAGE(3);

    private final int code;

    ChunkKind(int code) {
        this.code = code;
    }

    /** Returns the code as stored. */
    public int code() {
        return code;
    }

    static ChunkKind of(int code) throws DamagedException {
        return switch (code) {
            case 1 -> DATA;
            case 2 -> NODE;
            case 3 -> PAGE;
            default -> throw new DamagedException("unknown kind of chunk: " + code);
        };
    }
}
