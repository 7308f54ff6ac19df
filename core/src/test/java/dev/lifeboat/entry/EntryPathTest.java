package dev.lifeboat.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EntryPathTest {
    @Test
    void of_refusesWhatLeadsOut() {
        for (String bad : List.of("", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a\0b")) {
            assertThatThrownBy(() -> EntryPath.of(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
        }
        for (String good : List.of("a", "...", ".a", "a..b", "a/b/c", "\\", "ü/€")) {
            assertThat(EntryPath.of(good).toByteArray())
                    .isEqualTo(good.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    @Test
    void order_isDepthFirstWithChildrenByBytes() {
        List<EntryPath> sorted = new ArrayList<>();
        sorted.add(EntryPath.root());
        for (String path : List.of("a", "a/b", "a/b/c", "a/z", "a b", "a-b", "a.b", "a.b/c", "ab", "b", "ä")) {
            sorted.add(EntryPath.of(path));
        }
        List<EntryPath> shuffled = new ArrayList<>(sorted);
        Collections.shuffle(shuffled, new Random(1));
        shuffled.sort(null);
        assertThat(shuffled).isEqualTo(sorted);
    }

    @Property
    boolean anyBytes_surviveAsText(@ForAll @Size(max = 40) byte[] bytes) {
        return ByteString.parse(ByteString.of(bytes).toString()).equals(ByteString.of(bytes));
    }

    @Test
    void relatives() {
        EntryPath path = EntryPath.of("a/b/c");
        assertThat(path.startsWith(EntryPath.of("a/b"))).isTrue();
        assertThat(path.startsWith(EntryPath.of("a/bb"))).isFalse();
        assertThat(path.startsWith(EntryPath.of("a/b/c/d"))).isFalse();
        assertThat(path.relativeTo(EntryPath.of("a"))).isEqualTo(EntryPath.of("b/c"));
        assertThat(path.relativeTo(path)).isEqualTo(EntryPath.root());
        assertThat(path.parent().name()).isEqualTo(ByteString.utf8("b"));
        assertThat(EntryPath.root().resolve("x")).isEqualTo(EntryPath.of("x"));
        assertThatThrownBy(() -> path.resolve(ByteString.utf8("x/y"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> path.resolve(ByteString.utf8(".."))).isInstanceOf(IllegalArgumentException.class);
    }
}
