package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link RestoreTarget} must give that restores plain files. Extend it, and say how to make one and how to
 * read it back.
 */
@Timeout(120)
public abstract class RestoreTargetContract {
    private final List<RestoreChange> changes = Collections.synchronizedList(new ArrayList<>());
    private final List<Problem> problems = Collections.synchronizedList(new ArrayList<>());
    private RestoreTarget target;

    /** For subclasses. */
    protected RestoreTargetContract() {}

    /** Makes an empty target. */
    protected abstract RestoreTarget newTarget() throws Exception;

    /** Reads back what is in the last one made. */
    protected abstract MemoryTree contents() throws Exception;

    /** A tree that the target can keep as it is. */
    protected MemoryTree tree() {
        return MemoryTree.ofEverything(false);
    }

    @BeforeEach
    void make() throws Exception {
        target = newTarget();
    }

    private RestoreRequest request(boolean dryRun, boolean deleteExtra) {
        changes.clear();
        problems.clear();
        return new RestoreRequest(dryRun, false, deleteExtra, List.of(), new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {
                changes.add(change);
            }

            @Override
            public void problem(Problem problem) {
                problems.add(problem);
            }
        });
    }

    private void restore(EntrySource source, boolean dryRun, boolean deleteExtra) throws IOException {
        try (RestoreTarget.Session session = target.begin(request(dryRun, deleteExtra))) {
            source.sendTo(session);
            session.commit();
        }
    }

    @Test
    void restore_bringsEverythingBack() throws Exception {
        restore(tree(), false, false);
        assertThat(problems).isEmpty();
        assertThat(contents().lines()).isEqualTo(tree().lines());
    }

    @Test
    void difference_whatIsThereIsNotAskedFor() throws Exception {
        restore(tree(), false, false);
        MemoryTree again = tree();
        restore(again, false, false);
        assertThat(again.sent()).isEmpty();
        assertThat(changes).isEmpty();
        assertThat(contents().lines()).isEqualTo(tree().lines());
    }

    @Test
    void difference_onlyWhatDiffersIsWritten() throws Exception {
        restore(tree(), false, false);
        MemoryTree other = tree();
        EntryPath hello = EntryPath.of("dir.file");
        other.add(Entry.file(hello, 0, MemoryTree.attributes(0600)), MemoryTree.random(99, 1000));
        other.add(Entry.file(EntryPath.of("dir/new"), 0, MemoryTree.attributes(0640)), MemoryTree.random(98, 10));
        restore(other, false, false);
        assertThat(other.sent()).containsExactlyInAnyOrder(hello, EntryPath.of("dir/new"));
        assertThat(changes)
                .containsExactlyInAnyOrder(
                        new RestoreChange(hello, RestoreChange.Action.REPLACE),
                        new RestoreChange(EntryPath.of("dir/new"), RestoreChange.Action.CREATE));
        assertThat(contents().lines()).isEqualTo(other.lines());
    }

    @Test
    void difference_metadataAloneIsSetWithoutContent() throws Exception {
        restore(tree(), false, false);
        MemoryTree other = tree();
        EntryPath path = EntryPath.of("dir-file");
        other.add(other.get(path).withAttributes(MemoryTree.attributes(0400)), other.content(path));
        restore(other, false, false);
        assertThat(other.sent()).isEmpty();
        assertThat(changes).containsExactly(new RestoreChange(path, RestoreChange.Action.UPDATE_METADATA));
        assertThat(contents().lines()).isEqualTo(other.lines());
    }

    @Test
    void dryRun_changesNothingAndTellsAll() throws Exception {
        restore(tree(), false, false);
        List<String> before = contents().lines();
        MemoryTree other = tree().remove(EntryPath.of("pipe"));
        other.add(Entry.file(EntryPath.of("dir/new"), 0, MemoryTree.attributes(0640)), MemoryTree.random(98, 10));
        restore(other, true, true);
        assertThat(contents().lines()).isEqualTo(before);
        assertThat(other.sent()).isEmpty();
        assertThat(changes)
                .containsExactlyInAnyOrder(
                        new RestoreChange(EntryPath.of("dir/new"), RestoreChange.Action.CREATE),
                        new RestoreChange(EntryPath.of("pipe"), RestoreChange.Action.DELETE));
    }

    @Test
    void dryRun_intoNothing_tellsAllAsNew() throws Exception {
        restore(tree(), true, false);
        // All but the root itself.
        assertThat(changes).hasSize(tree().paths().size() - 1);
        assertThat(changes).allMatch(c -> c.action() == RestoreChange.Action.CREATE);
    }

    @Test
    void deleteExtra_leavesJustTheSnapshot() throws Exception {
        MemoryTree more = tree();
        more.add(Entry.directory(EntryPath.of("extra"), MemoryTree.attributes(0700)));
        more.add(Entry.file(EntryPath.of("extra/file"), 0, MemoryTree.attributes(0600)), MemoryTree.random(1, 10));
        more.add(Entry.file(EntryPath.of("dir/extra"), 0, MemoryTree.attributes(0600)), MemoryTree.random(1, 10));
        restore(more, false, false);
        restore(tree(), false, false);
        assertThat(contents().lines()).as("without deleteExtra").isEqualTo(more.lines());
        restore(tree(), false, true);
        assertThat(contents().lines()).isEqualTo(tree().lines());
        assertThat(changes)
                .containsExactlyInAnyOrder(
                        new RestoreChange(EntryPath.of("extra"), RestoreChange.Action.DELETE),
                        new RestoreChange(EntryPath.of("dir/extra"), RestoreChange.Action.DELETE));
    }

    @Test
    void typesThatChanged_areReplaced() throws Exception {
        EntryPath a = EntryPath.of("a");
        EntryPath b = EntryPath.of("b");
        EntryPath c = EntryPath.of("c");
        MemoryTree first = new MemoryTree();
        first.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        first.add(Entry.directory(a, MemoryTree.attributes(0755)));
        first.add(Entry.file(a.resolve("child"), 0, MemoryTree.attributes(0644)), MemoryTree.random(1, 10));
        first.add(Entry.file(b, 0, MemoryTree.attributes(0644)), MemoryTree.random(2, 10));
        first.add(Entry.symlink(c, ByteString.utf8("a"), MemoryTree.attributes(0777)));
        MemoryTree second = new MemoryTree();
        second.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        second.add(Entry.file(a, 0, MemoryTree.attributes(0644)), MemoryTree.random(3, 10));
        second.add(Entry.symlink(b, ByteString.utf8("a"), MemoryTree.attributes(0777)));
        second.add(Entry.directory(c, MemoryTree.attributes(0755)));
        second.add(Entry.file(c.resolve("child"), 0, MemoryTree.attributes(0644)), MemoryTree.random(4, 10));
        for (MemoryTree tree : List.of(first, second, first, second)) {
            restore(tree, false, false);
            assertThat(contents().lines()).isEqualTo(tree.lines());
        }
    }

    @Test
    void hardLinks_areBrokenAndMadeAsTheSnapshotSays() throws Exception {
        EntryPath a = EntryPath.of("a");
        EntryPath b = EntryPath.of("b");
        byte[] content = MemoryTree.random(1, 10);
        MemoryTree linked = new MemoryTree();
        linked.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        linked.add(Entry.file(a, 0, MemoryTree.attributes(0644)), content);
        linked.add(Entry.hardLink(b, a, MemoryTree.attributes(0644)));
        MemoryTree apart = new MemoryTree();
        apart.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        apart.add(Entry.file(a, 0, MemoryTree.attributes(0644)), content);
        apart.add(Entry.file(b, 0, MemoryTree.attributes(0644)), content);
        for (MemoryTree tree : List.of(linked, apart, linked)) {
            restore(tree, false, false);
            assertThat(contents().lines()).isEqualTo(tree.lines());
        }
    }

    @Test
    void atomicFileReplacement_aFileWhoseContentFailsKeepsItsOldState() throws Exception {
        EntryPath path = EntryPath.of("file");
        MemoryTree old = new MemoryTree();
        old.add(Entry.file(path, 0, MemoryTree.attributes(0644)), MemoryTree.random(1, 1000));
        restore(old, false, false);
        IOException broken = new IOException("the archive broke");
        Entry changed = Entry.file(path, 500_000, MemoryTree.attributes(0600));
        try (RestoreTarget.Session session = target.begin(request(false, false))) {
            assertThat(session.offer(changed)).isTrue();
            InputStream in = new ByteArrayInputStream(MemoryTree.random(2, 400_000)) {
                @Override
                public synchronized int read(byte[] b, int off, int len) {
                    int n = super.read(b, off, len);
                    if (n < 0) {
                        throw new java.io.UncheckedIOException(broken);
                    }
                    return n;
                }
            };
            assertThatThrownBy(() -> session.content(changed, unchecked(in))).isSameAs(broken);
            assertThat(session.offer(Entry.file(EntryPath.of("next"), 3, MemoryTree.attributes(0644))))
                    .isTrue();
            session.content(
                    Entry.file(EntryPath.of("next"), 3, MemoryTree.attributes(0644)),
                    new ByteArrayInputStream(new byte[3]));
            session.commit();
        }
        assertThat(contents().content(path)).isEqualTo(MemoryTree.random(1, 1000));
        assertThat(contents().content(EntryPath.of("next"))).hasSize(3);
        assertThat(contents().paths()).filteredOn(p -> !p.isRoot()).hasSize(2);
    }

    private static InputStream unchecked(InputStream in) {
        return new java.io.FilterInputStream(in) {
            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                try {
                    return super.read(b, off, len);
                } catch (java.io.UncheckedIOException e) {
                    throw e.getCause();
                }
            }
        };
    }

    @Test
    void contentSentLate_isTakenAll() throws Exception {
        MemoryTree tree = tree();
        try (RestoreTarget.Session session = target.begin(request(false, false))) {
            List<Entry> wanted = new ArrayList<>();
            for (EntryPath path : tree.paths()) {
                if (session.offer(tree.get(path))) {
                    wanted.add(tree.get(path));
                }
            }
            Collections.reverse(wanted);
            MemoryTree contents = tree.copy();
            for (Entry entry : wanted) {
                session.content(entry, contentOf(contents, entry));
            }
            session.commit();
        }
        assertThat(problems).isEmpty();
        assertThat(contents().lines()).isEqualTo(tree.lines());
    }

    private static InputStream contentOf(MemoryTree tree, Entry entry) throws IOException {
        InputStream[] found = {InputStream.nullInputStream()};
        tree.sendTo(new dev.lifeboat.entry.EntrySink() {
            @Override
            public boolean offer(Entry offered) {
                return offered.path().equals(entry.path());
            }

            @Override
            public void content(Entry sent, InputStream in) {
                found[0] = in;
            }

            @Override
            public void report(Problem problem) {
                throw new AssertionError(problem);
            }
        });
        return found[0];
    }
}
