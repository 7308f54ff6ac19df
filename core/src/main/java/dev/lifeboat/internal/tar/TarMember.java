package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One member of a tar that is being read.
 *
 * @param link the target of a symbolic link, any bytes, or of a hard link, which is a path
 * @param size of a file's content, including holes
 * @param content of the file; a {@link dev.lifeboat.entry.SparseInputStream} if it has holes; valid until the next
 *     member
 */
public record TarMember(
        EntryPath path,
        EntryType type,
        Attributes attributes,
        Optional<ByteString> link,
        Optional<DeviceNumber> device,
        long size,
        InputStream content) {
    /**
     * Converts this member to an entry.
     *
     * @throws IllegalArgumentException if it is a hard link to a name that comes later in canonical order
     */
    public Entry toEntry() {
        OptionalLong length = type == EntryType.FILE ? OptionalLong.of(size) : OptionalLong.empty();
        return new Entry(path, type, length, attributes, link, device, Optional.empty());
    }
}
