package dev.lifeboat.format.chunked;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import java.util.Map;

/**
 * How content is cut, the same for all writers of a repository. If it is not, nothing is lost, but equal content is
 * stored again.
 *
 * @param min minimum length of a chunk that is not the last of its file; shorter files are combined into chunks
 * @param average a power of two
 * @param max maximum length of a chunk
 */
record ChunkSizes(int min, int average, int max) {
    static final ChunkSizes DEFAULT = new ChunkSizes(256 << 10, 1 << 20, 4 << 20);

    Map<String, String> toParameters() {
        return Map.of(
                key("min"), Integer.toString(min),
                key("average"), Integer.toString(average),
                key("max"), Integer.toString(max));
    }

    static ChunkSizes of(FormatContext context) throws DamagedException {
        ChunkSizes sizes = new ChunkSizes(
                number(context, "min", DEFAULT.min),
                number(context, "average", DEFAULT.average),
                number(context, "max", DEFAULT.max));
        boolean fits = sizes.min >= 1 << 10
                && sizes.min < sizes.average
                && sizes.average < sizes.max
                && sizes.max <= 8 << 20
                && Integer.bitCount(sizes.average) == 1;
        if (!fits) {
            throw new DamagedException("the descriptor of the repository has invalid chunk sizes: " + sizes);
        }
        return sizes;
    }

    private static int number(FormatContext context, String name, int otherwise) throws DamagedException {
        String value = context.parameters().get(key(name));
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new DamagedException(
                    "the descriptor of the repository has an invalid " + name + " '" + value + "'", e);
        }
    }

    private static String key(String name) {
        return ChunkedFormat.ID + "." + name;
    }
}
