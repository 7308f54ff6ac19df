package dev.lifeboat.docker;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Kills a process with SIGKILL once the engine has carried out the n-th change that the process asks for. */
final class KillingRelay extends ChangeRelay {
    private final AtomicBoolean killed = new AtomicBoolean();
    private volatile @Nullable Process process;

    KillingRelay(URI engine, Path socket) throws IOException {
        super(engine, socket);
    }

    /** Arms the relay; the process is started afterwards. */
    void killAt(int change) {
        killed.set(false);
        process = null;
        arm(change);
    }

    void victim(Process newProcess) {
        process = newProcess;
    }

    /** From here on, nothing is killed. Returns whether something was. */
    boolean disarm() {
        disarmed();
        return killed.get();
    }

    @Override
    void happens() {
        try {
            Process victim = process;
            while (victim == null) {
                Thread.sleep(1);
                victim = process;
            }
            killed.set(true);
            victim.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
