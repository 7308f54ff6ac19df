package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;

/** What a chunk holds. */
public enum ChunkKind {
    /** Content of files. */
    DATA(1),
    /** Names of what a page refers to. */
    NODE(2),
    /** Entries, or what else is only for those who may read. */
    PAGE(3);

    private final int code;

    ChunkKind(int code) {
        this.code = code;
    }

    /** As it is stored. */
    public int code() {
        return code;
    }

    static ChunkKind of(int code) throws DamagedException {
        return switch (code) {
            case 1 -> DATA;
            case 2 -> NODE;
            case 3 -> PAGE;
            default -> throw new DamagedException("a chunk is of kind " + code + ", which is not known");
        };
    }
}
