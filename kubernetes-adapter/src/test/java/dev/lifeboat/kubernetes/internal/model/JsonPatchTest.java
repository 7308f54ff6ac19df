package dev.lifeboat.kubernetes.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON patches, with the examples of RFC 6902, appendix A. */
class JsonPatchTest {
    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.getBytes(StandardCharsets.UTF_8), "json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"foo\":\"bar\"} | [{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}] | {\"foo\":\"bar\",\"baz\":\"qux\"}",
                "{\"foo\":[\"bar\",\"baz\"]} | [{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}] | {\"foo\":[\"bar\",\"qux\",\"baz\"]}",
                "{\"baz\":\"qux\",\"foo\":\"bar\"} | [{\"op\":\"remove\",\"path\":\"/baz\"}] | {\"foo\":\"bar\"}",
                "{\"foo\":[\"bar\",\"qux\",\"baz\"]} | [{\"op\":\"remove\",\"path\":\"/foo/1\"}] | {\"foo\":[\"bar\",\"baz\"]}",
                "{\"baz\":\"qux\"} | [{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}] | {\"baz\":\"boo\"}",
                "{\"foo\":{\"bar\":1,\"waldo\":2},\"qux\":{}} | [{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}] | {\"foo\":{\"bar\":1},\"qux\":{\"thud\":2}}",
                "{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]} | [{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}] | {\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}",
                "{\"foo\":[1]} | [{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\"]}] | {\"foo\":[1,[\"abc\"]]}",
                "{\"/\":9,\"~1\":10} | [{\"op\":\"test\",\"path\":\"/~01\",\"value\":10},{\"op\":\"copy\",\"from\":\"/~1\",\"path\":\"/a\"}] | {\"/\":9,\"~1\":10,\"a\":9}",
                "{\"a\":{\"b\":1}} | [{\"op\":\"add\",\"path\":\"/a/c\",\"value\":null}] | {\"a\":{\"b\":1,\"c\":null}}"
            })
    void examples(String before, String patch, String after) throws Exception {
        JsonObject object = json(before);
        byte[] unchanged = object.toBytes();
        JsonObject result = JsonPatch.parse(patch).apply(object);
        assertThat(GoJson.encode(result.members()))
                .isEqualTo(GoJson.encode(json(after).members()));
        assertThat(object.toBytes()).isEqualTo(unchanged);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
                "[{\"op\":\"remove\",\"path\":\"/x\"}]",
                "[{\"op\":\"replace\",\"path\":\"/x\",\"value\":1}]",
                "[{\"op\":\"add\",\"path\":\"/x/y\",\"value\":1}]",
                "[{\"op\":\"add\",\"path\":\"/l/3\",\"value\":1}]",
                "[{\"op\":\"remove\",\"path\":\"/l/01\"}]",
                "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]",
                "[{\"op\":\"replace\",\"path\":\"\",\"value\":1}]"
            })
    void patchThatDoesNotFit_isRefused(String patch) throws Exception {
        JsonObject object = json("{\"a\":1,\"l\":[1,2]}");
        assertThatThrownBy(() -> JsonPatch.parse(patch).apply(object)).isInstanceOf(JsonPatch.MismatchException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[1]",
                "[{}]",
                "[{\"op\":\"x\",\"path\":\"/a\"}]",
                "[{\"op\":\"add\",\"path\":\"/a\"}]",
                "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]",
                "[{\"op\":\"move\",\"path\":\"/a\"}]"
            })
    void whatIsNoPatch_isRefused(String text) {
        assertThatThrownBy(() -> JsonPatch.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void values_areCopied() throws Exception {
        JsonPatch patch = JsonPatch.parse("[{\"op\":\"add\",\"path\":\"/x\",\"value\":{\"y\":[1]}}]");
        JsonObject first = patch.apply(json("{}"));
        first.object("x").put("y", 2);
        assertThat(patch.apply(json("{}")).object("x").list("y")).containsExactly(1);
    }
}
