package dev.lifeboat.storage.fs;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Adds the way out to messages about file system failures. */
final class FileSystemErrors {
    private static final Map<String, String> WAYS_OUT = Map.of(
            "no space left", "the disk is full; free space, or prune",
            "quota", "the quota is used up; raise it, or prune",
            "read-only file system", "the file system is mounted read-only",
            "too many open files", "raise the limit of open files (ulimit -n)",
            "operation not permitted",
                    "the file system or the user lacks a permission, such as that to make hard links");

    private FileSystemErrors() {}

    static IOException of(String what, Path root, IOException e) {
        String detail = detail(e);
        String wayOut = e instanceof AccessDeniedException
                ? "permission denied; this user must own " + root + " or may not write there"
                : WAYS_OUT.entrySet().stream()
                        .filter(way -> detail.toLowerCase(Locale.ROOT).contains(way.getKey()))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse("");
        return new IOException(what + ": " + detail + (wayOut.isEmpty() ? "" : " (" + wayOut + ")"), e);
    }

    private static String detail(IOException e) {
        if (e instanceof FileSystemException f) {
            return Optional.ofNullable(f.getReason()).orElse(e.getClass().getSimpleName()) + " at " + f.getFile();
        }
        return String.valueOf(e.getMessage());
    }
}
