package dev.lifeboat.archives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.format.tar.TarExport;
import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tars that other programs have compressed, and tars for them. */
class CompressedTarTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private Path plain;

    @BeforeEach
    void makeTar() throws Exception {
        Path tree = Files.createDirectories(dir.resolve("tree/data/deep"));
        Files.write(tree.resolve("random"), MemoryTree.random(3, 300_000));
        Files.writeString(tree.resolve("text"), "text ".repeat(50_000));
        Files.createSymbolicLink(tree.resolve("link"), Path.of("text"));
        Files.createDirectory(dir.resolve("tree/other"));
        plain = dir.resolve("plain.tar");
        Shell.sh("tar --format=posix -C " + dir.resolve("tree") + " -cf " + plain + " .");
    }

    private static String command(String compression) {
        return switch (compression) {
            case "gzip" -> "gzip -c";
            case "zstd" -> "zstd -qc";
            case "compress" -> "compress -c";
            case "lz4" -> "lz4 -qc";
            default -> compression + " -c";
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "bzip2", "xz", "lz4", "compress"})
    void whatAProgramCompresses_isReadByItsContent(String compression) throws Exception {
        // Of two streams in a row, as parallel compressors write them, except for compress, which knows no such thing.
        Path compressed = dir.resolve("compressed.bin");
        Shell.sh(command(compression) + " < " + plain + " > " + compressed);
        assertThat(MemoryTree.of(TarSource.of(compressed)).lines())
                .isEqualTo(MemoryTree.of(TarSource.of(plain)).lines());
        if (!compression.equals("compress")) {
            Shell.sh("{ head -c 300000 " + plain + " | " + command(compression) + "; tail -c +300001 " + plain + " | "
                    + command(compression) + "; } > " + compressed);
            assertThat(MemoryTree.of(TarSource.of(compressed)).lines())
                    .isEqualTo(MemoryTree.of(TarSource.of(plain)).lines());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "bzip2", "xz", "lz4"})
    void whatIsExported_isReadByTheProgram(String compression) throws Exception {
        MemoryTree tree = MemoryTree.of(TarSource.of(plain));
        Path exported = dir.resolve("exported");
        try (RestoreTarget.Session session =
                TarExport.to(exported).compressed(compression).begin(RestoreRequest.plain())) {
            tree.sendTo(session);
            session.commit();
        }
        Shell.sh(command(compression).replaceFirst(" .*", "") + " -dc < " + exported + " | tar -C "
                + Files.createDirectory(dir.resolve("extracted")) + " -xf -");
        Shell.sh("diff -r --no-dereference " + dir.resolve("tree") + " " + dir.resolve("extracted"));
    }

    @Test
    void aCompressionThatIsOnlyRead_orIsNone_isRefusedForAnExport() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TarExport.to(plain).compressed("brotli"))
                .withMessageContaining("gzip and zstd");
        Path target = dir.resolve("target");
        assertThatThrownBy(() -> TarExport.to(target).compressed("compress").begin(RestoreRequest.plain()))
                .isInstanceOf(UnsupportedOperationException.class);
        try (var files = Files.list(dir.path())) {
            assertThat(files.map(file -> file.getFileName().toString()).toList())
                    .containsExactlyInAnyOrder("tree", "plain.tar");
        }
    }

    @Test
    void aPartOfATar_becomesTheRoot() throws Exception {
        assertThat(MemoryTree.of(TarSource.of(plain).below("data/deep")).lines())
                .isEqualTo(MemoryTree.of(TarSource.of(plain))
                        .below(dev.lifeboat.entry.EntryPath.of("data/deep"))
                        .lines());
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(plain).below("none")))
                .hasMessageContaining("nothing below 'none'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd", "bzip2", "xz"})
    void aBomb_isReadUpToItsLimit(String compression) throws Exception {
        Path bomb = dir.resolve("bomb");
        // A file of zeros in a tar, 256 MiB.
        Shell.sh("truncate -s 256M " + dir.resolve("zeros") + " && tar -C " + dir.path()
                + " --format=ustar -cf - zeros | " + command(compression) + " > " + bomb);
        assertThat(Files.size(bomb)).isLessThan(1 << 20);
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(bomb).limit(10 << 20)))
                .hasMessageContaining("set a higher limit");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bzip2", "xz", "lz4", "compress"})
    void aDamagedOrTruncatedTar_isReportedAsSuch(String compression) throws Exception {
        Path file = dir.resolve("file");
        Shell.sh(command(compression) + " < " + plain + " > " + file);
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file))).isInstanceOf(IOException.class);
        byte[] damaged = whole.clone();
        for (int at = 100; at < damaged.length; at += 1000) {
            damaged[at] ^= 0x55;
        }
        Files.write(file, damaged);
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file))).isInstanceOf(DamagedException.class);
    }

    @Test
    void anXzThatWantsMuchMemory_isRefused() throws Exception {
        Path file = dir.resolve("file");
        Shell.sh("xz -c --lzma2=preset=0,dict=128MiB < " + plain + " > " + file);
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("xz");
    }

    @Test
    void whatIsEncrypted_isRefusedByName() throws IOException {
        List<List<String>> heads = List.of(
                List.of("age-encryption.org/v1\n-> X25519", "age"),
                List.of("-----BEGIN AGE ENCRYPTED FILE-----\n", "age"),
                List.of("-----BEGIN PGP MESSAGE-----\n", "OpenPGP"));
        for (List<String> head : heads) {
            Path file = Files.writeString(dir.resolve("file"), head.get(0) + "x".repeat(2000));
            assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file)))
                    .isInstanceOf(UnsupportedVersionException.class)
                    .hasMessageContaining(head.get(1));
        }
        byte[] binary = "x".repeat(2000).getBytes(StandardCharsets.US_ASCII);
        binary[0] = (byte) 0xc3;
        Path file = Files.write(dir.resolve("file"), binary);
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file))).hasMessageContaining("OpenPGP");
    }

    @Test
    void holesCountForTheLimit_andNothingLiesBelowALink() throws Exception {
        Path sparse = dir.resolve("sparse.tar");
        Shell.sh("cd " + dir.path() + " && truncate -s 4T big && tar --format=posix --sparse -cf " + sparse + " big");
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(sparse).limit(1 << 20)))
                .hasMessageContaining("set a higher limit");
        Path link = dir.resolve("link.tar");
        Shell.sh("cd " + Files.createDirectory(dir.resolve("odd")) + " && ln -s /etc link && tar -cf " + link
                + " link && rm link && mkdir link && echo x > link/passwd && tar -rf " + link + " link/passwd");
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(link)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("not a directory");
    }

    @Test
    void aTarWhoseFirstNameLooksLikeACompression_isATar() throws Exception {
        Path file = dir.resolve("names.tar");
        Shell.sh("cd " + Files.createDirectory(dir.resolve("names")) + " && mkdir BZhou && echo x > BZhou/f && tar -cf "
                + file + " BZhou/f");
        assertThat(MemoryTree.of(TarSource.of(file)).paths()).hasSize(1);
        assertThatThrownBy(() -> MemoryTree.of(TarSource.of(file).below("BZhou/f")))
                .hasMessageContaining("not a directory");
    }
}
