package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import java.io.IOException;

/** The file system takes a name for that of an entry that was restored before. */
final class NameTakenException extends IOException {
    private static final long serialVersionUID = 1;

    NameTakenException(ByteString first, String also) {
        super("it is not restored" + also + ": the file system does not tell its name from '" + first
                + "', which is restored; restore one of them to another directory");
    }
}
