package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.ByteString;
import java.util.List;

/**
 * How a directory differs from what it was.
 *
 * @param directory as it was
 * @param extra names that it had not
 * @param changed children that are missing, or may have changed
 */
record DirectoryChange(Node directory, List<ByteString> extra, List<Node> changed) {}
