package dev.lifeboat.automation;

import dev.lifeboat.internal.process.ProcessIdentity;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.Predicate;

/**
 * A process that runs schedules, as others know it from its records.
 *
 * @param host its name, for people
 * @param process what tells the process from others, and its machine from others
 * @param gone whether a process has ended, as far as this process sees
 */
record Member(String host, String process, Predicate<String> gone) {
    /** This process. */
    static Member own() {
        return new Member(hostName(), ProcessIdentity.current().token(), ProcessIdentity::isGone);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    /** Whether the process that made a record has ended, as far as this one sees. */
    boolean seesEndOf(RunEntry entry) {
        return gone.test(entry.record().get(RunEntry.PROCESS));
    }
}
