package dev.lifeboat.internal.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A process of this machine, told from another one that is given its number later.
 *
 * @param pid its number
 * @param identity PID namespace, boot and start in ticks since boot (proc(5)): unlike a time of day, none changes with
 *     the clock
 */
public record ProcessIdentity(long pid, String identity) {
    /** Returns this process. */
    public static ProcessIdentity current() {
        return of(ProcessHandle.current().pid());
    }

    private static ProcessIdentity of(long pid) {
        return new ProcessIdentity(pid, identity(pid));
    }

    /**
     * Returns whether the process still runs. A process of another PID namespace cannot be seen from here; it is taken
     * for one that runs.
     */
    public boolean isAlive() {
        if (!identity.startsWith(namespace() + " ")) {
            return true;
        }
        return ProcessHandle.of(pid)
                .map(process -> process.isAlive() && of(pid).equals(this))
                .orElse(false);
    }

    private static String identity(long pid) {
        try {
            String boot =
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            // Fields 3 and 22; the second one, in parentheses, may contain blanks.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (fields[0].matches("[ZXx]")) {
                // It has ended, and its parent has not asked for its exit code.
                return "ended";
            }
            String start = fields[19];
            return namespace() + " " + boot + " " + start;
        } catch (IOException | RuntimeException e) {
            return namespace() + " "
                    + ProcessHandle.of(pid)
                            .flatMap(process -> process.info().startInstant())
                            .map(Instant::toString)
                            .orElse("unknown");
        }
    }

    private static String namespace() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
        } catch (IOException | UnsupportedOperationException e) {
            return "host";
        }
    }
}
