package dev.lifeboat.oci.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of images and registries, and challenges. */
class NamesTest {
    private static final String DIGEST = "sha256:" + "0a".repeat(32);

    @Test
    void names_areThoseOfTheDockerCommand() {
        assertThat(ImageName.parse("web")).isEqualTo(new ImageName("web", Optional.of("latest"), Optional.empty()));
        assertThat(ImageName.parse("shop/web_x/y--z:1.2-RC"))
                .isEqualTo(new ImageName("shop/web_x/y--z", Optional.of("1.2-RC"), Optional.empty()));
        assertThat(ImageName.parse("web@" + DIGEST))
                .isEqualTo(new ImageName("web", Optional.empty(), Optional.of(DIGEST)));
        assertThat(ImageName.parse("web:1@" + DIGEST).reference()).isEqualTo(DIGEST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Web",
                "registry.example:5000/web",
                "a//b",
                "../web",
                "web:",
                "web:a b",
                "web@sha256:12",
                "web@sha512:00",
                "web:1:2",
                "/web",
                "web?x=y",
                "web:-1",
                "a/../b"
            })
    void otherNames_areRejected(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageName.parse(name))
                .withMessageContaining("shop/web:1.2");
    }

    @Test
    void addresses_haveTlsUnlessTheySayOtherwise() {
        assertThat(RegistryAddress.parse("registry.example:5000").uri())
                .isEqualTo(URI.create("https://registry.example:5000"));
        assertThat(RegistryAddress.parse("registry.example").mayBePlain()).isFalse();
        assertThat(RegistryAddress.parse("http://10.0.0.5:5000/").uri()).isEqualTo(URI.create("http://10.0.0.5:5000"));
        assertThat(RegistryAddress.parse("localhost:5000").mayBePlain()).isTrue();
        assertThat(RegistryAddress.parse("[::1]:5000").mayBePlain()).isTrue();
        assertThat(RegistryAddress.parse("https://127.0.0.1:5000").mayBePlain()).isFalse();
        assertThat(RegistryAddress.parse("127.evil.example").mayBePlain()).isFalse();
    }

    @Test
    void dockerHub_isFoundWhereItIs_andNamedAsEveryoneDoes() {
        for (String name : List.of("docker.io", "index.docker.io", "https://registry-1.docker.io")) {
            RegistryAddress hub = RegistryAddress.parse(name);
            assertThat(hub.name()).isEqualTo("docker.io");
            assertThat(hub.uri()).isEqualTo(URI.create("https://registry-1.docker.io"));
            assertThat(hub.credentialKeys()).contains("https://index.docker.io/v1/");
            assertThat(hub.repository("postgres")).isEqualTo("library/postgres");
            assertThat(hub.repository("bitnami/postgres")).isEqualTo("bitnami/postgres");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "user:pass@host", "host/path", "ftp://host", "host:port", "http://"})
    void otherAddresses_areRejected(String address) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RegistryAddress.parse(address))
                .withMessageContaining("registry.example:5000");
    }

    @Test
    void onlyTheRegistryItself_isOwn() {
        RegistryAddress registry = RegistryAddress.parse("registry.example");
        assertThat(registry.isOwn(URI.create("https://REGISTRY.example:443/v2/")))
                .isTrue();
        assertThat(registry.isOwn(URI.create("https://registry.example:444/v2/")))
                .isFalse();
        assertThat(registry.isOwn(URI.create("http://registry.example/v2/"))).isFalse();
        assertThat(registry.isOwn(URI.create("https://registry.example.evil/v2/")))
                .isFalse();
    }

    @Test
    void challenges_mayHaveAnyOrderAndSpacing() {
        Challenge challenge = Challenge.of(List.of(
                        "Basic realm=\"x\"",
                        "bearer service=\"a, b\" ,  Realm=\"https://auth.example/\\\"t\\\"\",scope=repository:a:pull"))
                .orElseThrow();
        assertThat(challenge.scheme()).isEqualTo("bearer");
        assertThat(challenge.parameter("realm")).contains("https://auth.example/\"t\"");
        assertThat(challenge.parameter("service")).contains("a, b");
        assertThat(challenge.parameter("scope")).contains("repository:a:pull");
        assertThat(Challenge.of(List.of("Negotiate"))).isEmpty();
        Challenge first = Challenge.of(List.of("Bearer realm=\"https://t/\",service=\"s\", Basic realm=\"x\""))
                .orElseThrow();
        assertThat(first.parameter("realm")).contains("https://t/");
        String longValue = "\\a".repeat(100_000);
        assertThat(Challenge.of(List.of("Bearer realm=\"" + longValue + "\""))
                        .orElseThrow()
                        .parameter("realm"))
                .contains("a".repeat(100_000));
        for (String odd :
                List.of("", "=", "Bearer", "Bearer realm", "Bearer realm=", "Bearer =x", "Bearer realm=\"x")) {
            assertThat(Challenge.of(List.of(odd)).flatMap(read -> read.parameter("service")))
                    .isEmpty();
        }
    }
}
