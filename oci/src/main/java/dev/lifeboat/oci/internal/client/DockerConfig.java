package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Credentials.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** The credentials that {@code docker login} has stored: docker/cli, cli/config/configfile/file.go. */
final class DockerConfig {
    private static final int MAX_BYTES = 16 << 20;

    private final Path file;

    DockerConfig(Path file) {
        this.file = file;
    }

    /** The configuration that the docker command uses. */
    static DockerConfig ofUser() {
        String directory = System.getenv("DOCKER_CONFIG");
        return new DockerConfig(
                directory == null || directory.isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".docker", "config.json")
                        : Path.of(directory, "config.json"));
    }

    /**
     * Returns the credentials for a registry: of the helper for this registry, else of the helper for all, else those
     * in the file.
     *
     * @param keys names under which it may be listed, in order
     */
    Optional<Credentials> find(List<String> keys) throws IOException {
        byte[] content;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException("'" + file + "' is too long for a configuration of the docker command");
            }
            content = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        JsonObject config = JsonObject.parse(content, "'" + file + "'");
        JsonObject helpers = config.objectOrEmpty("credHelpers");
        for (String key : keys) {
            Optional<String> helper = helpers.optionalString(key);
            if (helper.isPresent()) {
                return CredentialHelper.named(helper.get()).get(key);
            }
        }
        Optional<String> store = config.optionalString("credsStore").filter(name -> !name.isEmpty());
        JsonObject entries = config.objectOrEmpty("auths");
        for (String key : keys) {
            if (store.isPresent()) {
                Optional<Credentials> kept = CredentialHelper.named(store.get()).get(key);
                if (kept.isPresent()) {
                    return kept;
                }
            } else if (entries.has(key)) {
                return of(key, entries.object(key));
            }
        }
        return Optional.empty();
    }

    private Optional<Credentials> of(String key, JsonObject entry) throws IOException {
        Optional<String> accessToken = nonEmpty(entry, "registrytoken");
        if (accessToken.isPresent()) {
            return Optional.of(new Credentials("", accessToken.get(), Kind.ACCESS_TOKEN));
        }
        Optional<String> identityToken = nonEmpty(entry, "identitytoken");
        if (identityToken.isPresent()) {
            return Optional.of(new Credentials("", identityToken.get(), Kind.IDENTITY_TOKEN));
        }
        Optional<String> encoded = nonEmpty(entry, "auth");
        if (encoded.isEmpty()) {
            Optional<String> user = nonEmpty(entry, "username");
            return user.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Credentials.password(user.get(), entry.string("password")));
        }
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(encoded.get().strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IOException("'" + file + "' has credentials for " + key + " that are not Base64", e);
        }
        int colon = pair.indexOf(':');
        if (colon < 1) {
            throw new IOException("'" + file + "' has credentials for " + key + " without a user");
        }
        // The docker command ends what it wrote with zeros.
        return Optional.of(Credentials.password(
                pair.substring(0, colon), pair.substring(colon + 1).replaceAll("\0+$", "")));
    }

    private static Optional<String> nonEmpty(JsonObject entry, String name) throws IOException {
        return entry.optionalString(name).filter(value -> !value.isEmpty());
    }
}
