package dev.lifeboat.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;

/** An engine that is gone once it has carried out the n-th change, until it is let back. */
final class CuttingRelay extends ChangeRelay {
    private volatile boolean gone;

    CuttingRelay(URI engine, Path socket) throws IOException {
        super(engine, socket);
    }

    /** Whether the engine is gone. */
    boolean isGone() {
        return gone;
    }

    /** Lets the engine come back. */
    void back() {
        disarmed();
        gone = false;
    }

    @Override
    void happens() {
        gone = true;
        try {
            cut();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    boolean isOpen() {
        return !gone;
    }
}
