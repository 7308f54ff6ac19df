package dev.lifeboat.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.DamagedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long lists of objects, read item by item. */
class JsonItemsTest {
    private final List<String> names = new ArrayList<>();

    private JsonObject read(String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return JsonItems.read(
                new ByteArrayInputStream(bytes), "the list", "items", item -> names.add(item.string("name")));
    }

    @Test
    void items_areVisited_andTheRestIsReturned() throws IOException {
        JsonObject rest = read(
                "{\"kind\":\"List\",\"items\":[{\"name\":\"a\",\"items\":[1]},{\"name\":\"b\",\"x\":{\"y\":null}}],"
                        + "\"metadata\":{\"continue\":\"next\"},\"n\":[1,2]}");
        assertThat(names).containsExactly("a", "b");
        assertThat(rest.string("kind")).isEqualTo("List");
        assertThat(rest.object("metadata").string("continue")).isEqualTo("next");
        assertThat(rest.members()).doesNotContainKey("items");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"items\":[]}", "{\"items\":null}"})
    void noItems_isNoFailure(String json) throws IOException {
        assertThat(read(json).members().keySet()).isSubsetOf("items");
        assertThat(names).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "1",
                "{",
                "{\"items\":[",
                "{\"items\":[{\"name\":\"a\"}",
                "{\"items\":[1]}",
                "{\"items\":[{\"name\":\"a\"}],",
                "{\"items\":[{\"name\"",
                "no json"
            })
    void anythingElse_isDamaged(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("the list");
    }

    @Test
    void failureOfTheVisitor_isThrownOn() {
        IOException failure = new IOException("full");
        byte[] bytes = "{\"items\":[{}]}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> JsonItems.read(new ByteArrayInputStream(bytes), "the list", "items", item -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }
}
