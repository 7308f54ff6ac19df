package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.PosixException;
import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether the file system takes names for one that differ in case only, in a directory and in those that are created in
 * it. It is found out with the first file that is created there. Thread-safe.
 */
final class CaseFolding {
    private volatile @Nullable Boolean folds;

    /**
     * Finds out.
     *
     * @param temp a name in the directory that was just created, with letters in lower case
     */
    boolean isFolding(Dir dir, ByteString temp) throws PosixException {
        Boolean known = folds;
        if (known == null) {
            String upper = temp.toString().toUpperCase(Locale.ROOT);
            known = dir.find(ByteString.utf8(upper)).isPresent();
            folds = known;
        }
        return known;
    }

    /** Returns what names have in common that such a file system, which mostly normalizes as well, may take for one. */
    static String fold(ByteString name) {
        String text = name.toString();
        boolean ascii = text.chars().allMatch(c -> c < 0x80);
        String normal = ascii ? text : Normalizer.normalize(text, Normalizer.Form.NFD);
        return normal.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }
}
