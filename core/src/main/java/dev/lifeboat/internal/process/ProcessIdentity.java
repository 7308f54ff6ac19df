package dev.lifeboat.internal.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process of this machine, told from another one that is given its number later.
 *
 * @param pid its number
 * @param identity PID namespace, boot and start in ticks since boot (proc(5)): unlike a time of day, none changes with
 *     the clock
 */
public record ProcessIdentity(long pid, String identity) {
    private static final Pattern TOKEN = Pattern.compile("([0-9]{1,18})\\.([A-Za-z0-9_-]+)\\.([0-9a-f]*)");
    private static final String MACHINE = machine();

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

    /** Returns it, and the machine, as one word that a tag or a label may be. */
    public String token() {
        return pid + "." + word(identity) + "." + MACHINE;
    }

    private static String word(String text) {
        return text.replaceAll("[^A-Za-z0-9-]+", "_");
    }

    /** Tells machines apart; empty where that is not possible. */
    private static String machine() {
        try {
            // Not the id itself, which is not for others (machine-id(5)).
            int hash = Files.readString(Path.of("/etc/machine-id")).hashCode();
            return String.format(Locale.ROOT, "%08x", hash);
        } catch (IOException e) {
            return "";
        }
    }

    /**
     * Returns whether a process of this machine has ended. Of another machine, another PID namespace, or of anything
     * that is no token, it is not known.
     *
     * @param token of the process
     */
    public static boolean isGone(String token) {
        Matcher parts = TOKEN.matcher(token);
        if (!parts.matches() || !parts.group(2).startsWith(word(namespace() + " "))) {
            return false;
        }
        boolean sameMachine = !MACHINE.isEmpty() && parts.group(3).equals(MACHINE);
        if (!sameMachine && !isOfThisBoot(parts.group(2))) {
            return false;
        }
        long pid = Long.parseLong(parts.group(1));
        return ProcessHandle.of(pid)
                .map(process -> !process.isAlive() || !of(pid).token().equals(token))
                .orElse(true);
    }

    /**
     * As {@link #isGone}, and only of the kernel that runs now. For decisions about what several machines share: clones
     * of a machine may have one id.
     */
    public static boolean isGoneOfThisBoot(String token) {
        Matcher parts = TOKEN.matcher(token);
        return parts.matches() && isOfThisBoot(parts.group(2)) && isGone(token);
    }

    private static boolean isOfThisBoot(String word) {
        try {
            return word.startsWith(word(namespace() + " " + boot() + " "));
        } catch (IOException e) {
            return false;
        }
    }

    private static String boot() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }

    private static String identity(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            // Fields 3 and 22; the second one, in parentheses, may contain blanks.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (fields[0].matches("[ZXx]")) {
                // It has ended, and its parent has not asked for its exit code.
                return "ended";
            }
            String start = fields[19];
            return namespace() + " " + boot() + " " + start;
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
