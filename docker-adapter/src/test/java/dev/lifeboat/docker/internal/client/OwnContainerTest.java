package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The container that a process runs in, by its mounts; lines as Docker 28.5 and Podman 5.8 make them. */
class OwnContainerTest {
    private static final String ID = "0123456789abcdef".repeat(4);

    @Test
    void processInAContainer_isRecognized() {
        assertThat(OwnContainer.id(List.of(
                        "611 598 0:56 / /proc rw - proc proc rw",
                        "620 598 254:0 /var/lib/docker/containers/" + ID
                                + "/hostname /etc/hostname rw - ext4 /dev/vda rw")))
                .contains(ID);
        assertThat(OwnContainer.id(List.of("620 598 0:25 /containers/overlay-containers/" + ID
                        + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw")))
                .contains(ID);
    }

    @Test
    void processOnTheHost_seesMountsOfContainers_butIsInNone() {
        assertThat(OwnContainer.id(List.of(
                        "720 25 0:60 / /var/lib/docker/containers/" + ID + "/mounts/shm rw - tmpfs shm rw",
                        "25 1 254:0 / / rw - ext4 /dev/vda rw")))
                .isEmpty();
        assertThat(OwnContainer.id()).isEmpty();
    }
}
