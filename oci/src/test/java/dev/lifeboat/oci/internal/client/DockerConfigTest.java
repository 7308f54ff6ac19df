package dev.lifeboat.oci.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.oci.internal.client.Credentials.Kind;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Credentials, as {@code docker login} stores them. */
class DockerConfigTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private DockerConfig config(String json) throws IOException {
        return new DockerConfig(Files.writeString(dir.resolve("config.json"), json));
    }

    private static List<String> keys(String registry) {
        return RegistryAddress.parse(registry).credentialKeys();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aPassword_mayHaveColons_andEndsBeforeZeros() throws IOException {
        DockerConfig config = config("{\"auths\":{\"a.example:5000\":{\"auth\":\"" + base64("ann:p:w\0\0") + "\"}}}");
        assertThat(config.find(keys("a.example:5000"))).contains(Credentials.password("ann", "p:w"));
        assertThat(config.find(keys("b.example"))).isEmpty();
    }

    @Test
    void dockerHub_hasItsOldName() throws IOException {
        DockerConfig config =
                config("{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" + base64("ann:pw") + "\"}}}");
        assertThat(config.find(keys("docker.io"))).contains(Credentials.password("ann", "pw"));
    }

    @Test
    void tokens_areTold() throws IOException {
        DockerConfig config = config("{\"auths\":{\"a.example\":{\"auth\":\"" + base64("<token>:")
                + "\",\"identitytoken\":\"t1\"},\"b.example\":{\"registrytoken\":\"t2\"},"
                + "\"c.example\":{\"username\":\"u\",\"password\":\"p\"},\"d.example\":{}}}");
        assertThat(config.find(keys("a.example"))).contains(new Credentials("", "t1", Kind.IDENTITY_TOKEN));
        assertThat(config.find(keys("b.example"))).contains(new Credentials("", "t2", Kind.ACCESS_TOKEN));
        assertThat(config.find(keys("c.example"))).contains(Credentials.password("u", "p"));
        assertThat(config.find(keys("d.example"))).isEmpty();
    }

    @Test
    void noFile_isNoCredentials() throws IOException {
        assertThat(new DockerConfig(dir.resolve("none")).find(keys("a.example")))
                .isEmpty();
        assertThat(config("{}").find(keys("a.example"))).isEmpty();
    }

    @Test
    void whatIsNoConfiguration_isReported() throws IOException {
        assertThatThrownBy(() ->
                        config("{\"auths\":{\"a.example\":{\"auth\":\"%%%\"}}}").find(keys("a.example")))
                .hasMessageContaining("Base64");
        assertThatThrownBy(() -> config("no json").find(keys("a.example"))).hasMessageContaining("config.json");
        assertThatThrownBy(() -> config("{\"credsStore\":\"../../bin/sh\"}").find(keys("a.example")))
                .hasMessageContaining("not the name of a credential helper");
        assertThatThrownBy(() -> config("{\"credHelpers\":{\"a.example\":\"is-not-installed\"}}")
                        .find(keys("a.example")))
                .hasMessageContaining("docker-credential-is-not-installed");
    }

    private CredentialHelper helper(String script) throws IOException {
        Path program = Files.writeString(dir.resolve("helper"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new CredentialHelper(program.toString());
    }

    @Test
    void aHelper_isAskedByName() throws IOException {
        CredentialHelper helper = helper("""
                [ "$1" = get ] || exit 3
                read -r server
                printf '{"ServerURL":"%s","Username":"AWS","Secret":"for-%s"}' "$server" "$server"
                """);
        assertThat(helper.get("a.example")).contains(Credentials.password("AWS", "for-a.example"));
        assertThat(helper("echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'\n")
                        .get("a.example"))
                .contains(new Credentials("", "t", Kind.IDENTITY_TOKEN));
    }

    @Test
    void aHelperWithoutCredentials_andOneThatFails() throws IOException {
        assertThat(helper("echo 'credentials not found in native keychain'; exit 1\n")
                        .get("a.example"))
                .isEmpty();
        assertThatThrownBy(
                        () -> helper("echo 'the keychain is locked'; exit 1\n").get("a.example"))
                .hasMessageContaining("the keychain is locked");
        assertThatThrownBy(() -> helper("echo nonsense\n").get("a.example")).isInstanceOf(IOException.class);
    }

    @Test
    void credentials_doNotShowTheirSecret() {
        assertThat(Credentials.password("ann", "hunter2").toString()).isEqualTo("user 'ann'");
    }
}
