package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Credentials.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program that keeps credentials, such as {@code docker-credential-ecr-login}: it reads the name of a registry and
 * prints a JSON document (docker/docker-credential-helpers, "Development").
 */
record CredentialHelper(String program) {
    private static final long LIMIT_SECONDS = 60;
    private static final int MAX_ANSWER_BYTES = 1 << 20;
    /** Stands for a user where the secret is a refresh token. */
    private static final String TOKEN_USER = "<token>";

    /** Returns the helper that the configuration of the docker command names, such as {@code ecr-login}. */
    static CredentialHelper named(String name) throws IOException {
        if (!name.matches("[A-Za-z0-9._-]+")) {
            throw new IOException("'" + name + "' in the configuration of the docker command is not the name of a"
                    + " credential helper");
        }
        return new CredentialHelper("docker-credential-" + name);
    }

    /**
     * Asks for the credentials of a registry.
     *
     * @return empty if the helper has none
     */
    Optional<Credentials> get(String registry) throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(program, "get")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new IOException(
                    "the configuration of the docker command names the credential helper " + program
                            + ", which cannot be run; install it, or give the credentials with withCredentials(..)",
                    e);
        }
        try {
            // Read beside, so that a helper that neither answers nor ends is ended.
            CompletableFuture<byte[]> output = CompletableFuture.supplyAsync(() -> read(process));
            try (OutputStream in = process.getOutputStream()) {
                in.write(registry.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It has ended without reading; its output says why.
            }
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(
                        "the credential helper " + program + " did not answer within " + LIMIT_SECONDS + " seconds");
            }
            return answer(registry, process.exitValue(), Io.await(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static byte[] read(Process process) {
        try {
            return process.getInputStream().readNBytes(MAX_ANSWER_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Credentials> answer(String registry, int status, byte[] output) throws IOException {
        if (status != 0) {
            String text = new String(output, StandardCharsets.UTF_8).strip();
            if (text.contains("credentials not found")) {
                return Optional.empty();
            }
            throw new IOException("the credential helper " + program + " has failed for " + registry + ": " + text);
        }
        JsonObject answer = JsonObject.parse(output, "the answer of " + program);
        String user = answer.string("Username");
        String secret = answer.string("Secret");
        return Optional.of(
                user.equals(TOKEN_USER)
                        ? new Credentials("", secret, Kind.IDENTITY_TOKEN)
                        : Credentials.password(user, secret));
    }
}
