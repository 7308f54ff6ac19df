package dev.lifeboat.kubernetes.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import dev.lifeboat.testkit.ScratchDir;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tars whose members are in any order, made by GNU tar. */
class UnorderedTarTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private static MemoryTree sorted(byte[] tar) throws IOException {
        try (UnorderedTar sorted = UnorderedTar.read(new TarReader(new ByteArrayInputStream(tar)))) {
            return MemoryTree.of(NamedSource.of("tar", sorted::sendTo));
        }
    }

    private byte[] run(String script) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(dir.resolve("").toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        byte[] output;
        try (InputStream in = process.getInputStream()) {
            output = in.readAllBytes();
        }
        assertThat(process.waitFor()).isZero();
        return output;
    }

    @Test
    void members_areSorted_andLinksPointBackwards() throws Exception {
        byte[] tar = run(
                "mkdir -p d/b d/a-x d/a; echo one > d/b/z; ln d/b/z d/a/first; ln d/b/z d/a-x/second; echo two > d/c;"
                        + " tar --format=ustar -cf - -C d ./c ./b ./a-x ./a --no-recursion .");
        MemoryTree tree = sorted(tar);
        assertThat(tree.offered()).isSorted();
        assertThat(tree.lines()).anyMatch(line -> line.contains("a/first")).anyMatch(line -> line.contains("b/z"));
        assertThat(new String(tree.content(EntryPath.of("a/first")), StandardCharsets.UTF_8))
                .isEqualTo("one\n");
        assertThat(tree.get(EntryPath.of("b/z")).hardLinkTarget().toString()).isEqualTo("a/first");
        assertThat(tree.get(EntryPath.of("a-x/second")).hardLinkTarget().toString())
                .isEqualTo("a/first");
    }

    @Test
    void truncatedTar_isRefused() throws Exception {
        byte[] tar = run("mkdir e; head -c 5000 /dev/zero > e/f; tar -b1 -cf - -C e .");
        for (int length : new int[] {0, 512, 700, 3000, tar.length - 1024, tar.length - 512}) {
            assertThatThrownBy(() -> sorted(Arrays.copyOf(tar, length))).isInstanceOf(DamagedException.class);
        }
    }
}
