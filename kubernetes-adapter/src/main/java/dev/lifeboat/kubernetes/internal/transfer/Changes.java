package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import java.io.IOException;
import java.util.Locale;

/** What GNU tar says of files that changed while it read them. */
final class Changes {
    private Changes() {}

    /** Reports each line about a file; the program does not promise their form, so anything else is reported whole. */
    static void report(EntrySink sink, String errors) throws IOException {
        for (String line : errors.lines().toList()) {
            String text = line.startsWith("tar: ") ? line.substring(5) : line;
            int colon = text.indexOf(": ");
            EntryPath path = EntryPath.root();
            if (text.startsWith("./") && colon > 2) {
                try {
                    path = EntryPath.of(text.substring(2, colon));
                } catch (IllegalArgumentException e) {
                    // A name that tar has escaped.
                    path = EntryPath.root();
                }
            }
            boolean gone = text.toLowerCase(Locale.ROOT).contains("removed before we read it");
            sink.report(new Problem(path, gone ? Problem.Kind.VANISHED : Problem.Kind.CHANGED, text));
        }
    }
}
