package dev.lifeboat.docker.internal.client;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps Apache's HTTP client from logging what it sends and receives, which it does at DEBUG: the content of files, and
 * passwords in the environment of containers. Logback logs at DEBUG as long as it is not configured.
 */
final class WireLog {
    private static final Logger log = LoggerFactory.getLogger(WireLog.class);
    private static final String CLIENT = "org.apache.hc";
    private static final String WIRE = "org.apache.hc.client5.http.wire";
    private static final String HEADERS = "org.apache.hc.client5.http.headers";
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private WireLog() {}

    /**
     * Sets the loggers of the client to INFO where the logging library is Logback and no level was chosen for
     * them. Where they still log, that is a warning. Called before connections are made.
     */
    static void keepOff() {
        if (!isOn()) {
            return;
        }
        try {
            setUnlessChosen();
        } catch (ReflectiveOperationException | RuntimeException e) {
            log.debug("the level of a logger is not set [logger={}, cause={}]", CLIENT, e.toString());
        }
        if (isOn() && WARNED.compareAndSet(false, true)) {
            log.warn(
                    "the HTTP client logs all that it sends and receives, passwords included; set its logger to INFO"
                            + " [logger={}]",
                    CLIENT);
        }
    }

    private static boolean isOn() {
        return LoggerFactory.getLogger(WIRE).isDebugEnabled()
                || LoggerFactory.getLogger(HEADERS).isDebugEnabled();
    }

    /** By reflection, since Logback is a choice of the program. */
    private static void setUnlessChosen() throws ReflectiveOperationException {
        Logger client = LoggerFactory.getLogger(CLIENT);
        Class<?> type = client.getClass();
        if (!type.getName().equals("ch.qos.logback.classic.Logger")) {
            return;
        }
        for (String name : new String[] {WIRE, HEADERS}) {
            for (String part = name; !part.isEmpty(); part = part.substring(0, Math.max(0, part.lastIndexOf('.')))) {
                if (type.getMethod("getLevel").invoke(LoggerFactory.getLogger(part)) != null) {
                    return;
                }
            }
        }
        Class<?> level = Class.forName("ch.qos.logback.classic.Level", true, type.getClassLoader());
        type.getMethod("setLevel", level).invoke(client, level.getField("INFO").get(null));
    }
}
