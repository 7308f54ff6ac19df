package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.internal.catalog.SnapshotIdGenerator;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlainChunkedRepositoryTest extends RepositoryContract {
    @Override
    ArchiveFormat format() {
        return ChunkedFormat.create();
    }

    @Override
    Encryption encryption() {
        return Encryption.none();
    }

    @Override
    String prefix() {
        return "packs/";
    }

    @Override
    int objectsOfOneSnapshot() {
        return 2;
    }

    /**
     * What lies elsewhere under the id of a backup under way is no outcome of it: a prune must not take it for ended.
     */
    @Test
    void outcomeInAnotherPlace_isNone() throws IOException {
        try (Repository repo = open(storage);
                Repository pruner = open(storage)) {
            Snapshot snapshot = repo.backup(NamedSource.of("disturbed", sink -> {
                        tree(1).sendTo(sink);
                        List<ObjectKey> sessions = new ArrayList<>();
                        storage.list("sessions/", object -> sessions.add(object.key()));
                        String id = sessions.get(0).lastSegment();
                        for (String place : List.of("snapshots/" + id, "snapshots/00000000/" + id)) {
                            storage.put(new ObjectKey(place), Content.of(new byte[1]), PutCondition.ALWAYS);
                        }
                        pruner.prune(Retention.keepAll()).run();
                        assertThat(storage.find(sessions.get(0))).isPresent();
                    }))
                    .run();
            assertThat(repo.snapshots()).containsExactly(snapshot);
            assertThat(restored(repo, snapshot).lines()).isEqualTo(tree(1).lines());
        }
    }

    /**
     * Before 1970, as a machine without a battery has it, and at the end of all time: later snapshots come after it
     * again.
     */
    @Test
    void clocksFarOff_doNotStay() {
        SnapshotIdGenerator ids = new SnapshotIdGenerator(RepositoryKeys.none(new byte[16]));
        Instant now = Instant.parse("2026-11-22T00:00:00Z");
        assertThat(ids.next("a", Instant.parse("1969-12-31T23:30:00Z"))).isLessThan(ids.next("a", now));
        assertThat(ids.next("a", Instant.MIN)).isLessThan(ids.next("a", now));
        assertThat(ids.next("a", now)).isLessThan(ids.next("a", now.plusMillis(1)));
        assertThat(ids.next("a", Instant.MAX).value()).startsWith(ids.series("a") + "ffffffffffff");
    }
}
