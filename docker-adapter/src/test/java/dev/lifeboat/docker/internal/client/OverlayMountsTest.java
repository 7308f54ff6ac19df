package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Lines of proc(5), {@code /proc/self/mountinfo}. */
class OverlayMountsTest {
    private static final String ID = "a1".repeat(32);

    private static String line(String mountPoint, String type, String options) {
        return "120 30 0:55 / " + mountPoint + " rw,relatime shared:7 - " + type + " overlay " + options;
    }

    @Test
    void upperDirectory_isFound_byTheIdOfTheContainer() {
        String options = "rw,lowerdir=/s/1/fs:/s/2/fs,upperdir=/s/3/fs,workdir=/s/3/work";
        assertThat(OverlayMounts.upper(line("/data/rootfs/overlayfs/" + ID, "overlay", options), ID))
                .contains(Path.of("/s/3/fs"));
        assertThat(OverlayMounts.upper(line("/data/rootfs/overlayfs/" + "b2".repeat(32), "overlay", options), ID))
                .isEmpty();
        assertThat(OverlayMounts.upper(line("/data/rootfs/" + ID, "ext4", options), ID))
                .isEmpty();
        assertThat(OverlayMounts.upper(line("/data/rootfs/" + ID, "overlay", "rw,lowerdir=/s"), ID))
                .isEmpty();
        assertThat(OverlayMounts.upper("", ID)).isEmpty();
    }

    @Test
    void blanksAreOctal() {
        assertThat(OverlayMounts.upper(line("/x/" + ID, "overlay", "rw,upperdir=/my\\040data/\\134x"), ID))
                .contains(Path.of("/my data/\\x"));
    }
}
