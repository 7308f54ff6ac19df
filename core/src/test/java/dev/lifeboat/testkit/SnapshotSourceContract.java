package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link SnapshotSource} must give that captures plain files. Extend it, and say how to make one that
 * holds a tree.
 */
@Timeout(120)
public abstract class SnapshotSourceContract {
    private SnapshotSource source;

    /** For subclasses. */
    protected SnapshotSourceContract() {}

    /** Makes a source that holds a tree, in {@link #place}. */
    protected abstract SnapshotSource sourceOf(MemoryTree tree) throws Exception;

    /** A tree that the source can keep as it is. */
    protected MemoryTree tree() {
        return MemoryTree.ofEverything(false);
    }

    /** Where in the snapshot the tree is. */
    protected EntryPath place() {
        return EntryPath.root();
    }

    @BeforeEach
    void make() throws Exception {
        source = sourceOf(tree());
    }

    @Test
    void capture_isWhatIsThere() throws IOException {
        MemoryTree captured = MemoryTree.of(source);
        assertThat(captured.problems()).isEmpty();
        assertThat(captured.below(place()).lines()).isEqualTo(tree().lines());
    }

    @Test
    void order_isCanonical() throws IOException {
        List<EntryPath> offered = MemoryTree.of(source).offered();
        List<EntryPath> sorted = new ArrayList<>(offered);
        sorted.sort(null);
        assertThat(offered).isEqualTo(sorted).doesNotHaveDuplicates();
    }

    @Test
    void captureTwice_isTheSame() throws IOException {
        assertThat(MemoryTree.of(source).below(place()).lines())
                .isEqualTo(MemoryTree.of(source).below(place()).lines());
    }

    @Test
    void name_isUsable() throws IOException {
        assertThat(source.name()).isNotBlank().hasSizeLessThan(256).isEqualTo(source.name());
    }

    @Test
    @SuppressWarnings("try")
    void quiesce_isEndedAndMayBeRepeated() throws IOException {
        for (int i = 0; i < 2; i++) {
            try (QuiesceHandle rest = source.quiesce()) {
                assertThat(MemoryTree.of(source).below(place()).lines()).isEqualTo(tree().lines());
                rest.close();
            }
        }
    }

    @Test
    void lazyReads_nothingIsSentThatIsNotWanted() throws IOException {
        source.sendTo(new EntrySink() {
            @Override
            public boolean offer(Entry entry) {
                return false;
            }

            @Override
            public void content(Entry entry, InputStream in) {
                throw new AssertionError("was not wanted: " + entry.path());
            }

            @Override
            public void report(Problem problem) {
                throw new AssertionError(problem);
            }
        });
    }

    @Test
    void sinkFailure_isPassedOnUnwrapped() {
        IOException full = new IOException("the sink is full");
        assertThatThrownBy(() -> source.sendTo(new EntrySink() {
                    @Override
                    public boolean offer(Entry entry) {
                        return entry.isFile();
                    }

                    @Override
                    public void content(Entry entry, InputStream in) throws IOException {
                        throw full;
                    }

                    @Override
                    public void report(Problem problem) {
                        throw new AssertionError(problem);
                    }
                }))
                .isSameAs(full);
    }

    @Test
    void interruption_endsTheCapture() {
        try {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> MemoryTree.of(source)).isInstanceOf(InterruptedIOException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }
}
