package dev.lifeboat.automation;

import dev.lifeboat.internal.process.ProcessIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiPredicate;

/**
 * A process that runs schedules, as others know it from its records.
 *
 * @param host its name, for people
 * @param machine what tells the machine from others
 * @param process what tells the process from others, on that machine
 * @param gone whether a process has ended, by its token, as far as this process sees; the second one is whether it is
 *     known to be one of this machine
 */
record Member(String host, String machine, String process, BiPredicate<String, Boolean> gone) {
    /** This process. */
    static Member own() {
        String host = hostName();
        return new Member(
                host, host + " " + machineId(), ProcessIdentity.current().token(), ProcessIdentity::isGone);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    private static String machineId() {
        try {
            return Files.readString(Path.of("/etc/machine-id")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** Whether the process that made a record has ended, as far as this one sees. */
    boolean seesEndOf(RunEntry entry) {
        boolean sameMachine = entry.record().get(RunEntry.MACHINE).equals(machine) && !machine.endsWith(" ");
        return gone.test(entry.record().get(RunEntry.PROCESS), sameMachine);
    }
}
