package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TarRepositoryTest extends RepositoryContract {
    @Override
    ArchiveFormat format() {
        return TarFormat.create();
    }

    @Override
    Encryption encryption() {
        return Encryption.none();
    }

    @Override
    String prefix() {
        return "archives/";
    }

    @Override
    int objectsOfOneSnapshot() {
        return 3;
    }

    @Test
    void hostileListOfEntries_isDamage() throws IOException {
        Snapshot snapshot;
        try (Repository repo = open(storage)) {
            snapshot = repo.backup(tree(1)).run();
        }
        ObjectKey outcome = RepositoryLayout.snapshot(snapshot.id().value());
        String text = new String(storage.bytes(outcome), StandardCharsets.UTF_8);
        for (String reference : List.of("X Y", "../../etc/passwd", "0".repeat(31), "archives/x")) {
            String changed = text.substring(0, text.lastIndexOf(",\"sha256\""))
                    .replace(
                            "\"reference\":\"" + snapshot.archive().reference() + "\"",
                            "\"reference\":\"" + reference + "\"");
            MemoryStorage hostile = storage.copy();
            hostile.damage(
                    outcome,
                    dev.lifeboat.internal.json.SealedDocument.seal(dev.lifeboat.internal.json.JsonObject.parse(
                            (changed + "}").getBytes(StandardCharsets.UTF_8), "test")));
            try (Repository repo = open(hostile)) {
                Snapshot bad = repo.snapshots().get(0);
                assertThat(repo.verify().run().isClean()).isFalse();
                assertThatThrownBy(() -> repo.restore(bad).to(new MemoryTree()).run())
                        .isInstanceOf(BackupException.Corrupt.class);
                assertThatThrownBy(() -> repo.backup(tree(2)).run()).isInstanceOf(BackupException.Corrupt.class);
                assertThatThrownBy(() -> repo.prune(Retention.keepAll()).run())
                        .isInstanceOf(BackupException.Corrupt.class);
            }
        }
    }

    @Test
    void formats_mayBeMixed() {
        Snapshot old;
        try (Repository repo = Repository.at(storage)
                .encryption(Encryption.none())
                .format(TarFormat.gzip(1))
                .openOrCreate()) {
            old = repo.backup(tree(1)).run();
        }
        try (Repository repo = open(storage)) {
            Snapshot young = repo.backup(tree(2)).run();
            assertThat(young.parent()).contains(old.id());
            assertThat(restored(repo, young).lines()).isEqualTo(tree(2).lines());
            assertThat(restored(repo, repo.snapshot(old.id())).lines()).isEqualTo(tree(1).lines());
        }
    }

    @Test
    void encryption_isRefused() {
        assertThatThrownBy(() -> Repository.at(new MemoryStorage())
                        .format(format())
                        .encryption(Encryption.passphrase(() -> "secret"))
                        .create())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("does not encrypt");
    }
}
