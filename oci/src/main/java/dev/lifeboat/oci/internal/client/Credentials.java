package dev.lifeboat.oci.internal.client;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * What a registry is shown.
 *
 * @param user name of a user; empty for a token
 * @param secret password or token
 * @param kind what the secret is
 */
public record Credentials(String user, String secret, Kind kind) {
    /** What a secret is. */
    public enum Kind {
        /** The password of a user. */
        PASSWORD,
        /** A refresh token: docker/distribution, docs/spec/auth/oauth.md. */
        IDENTITY_TOKEN,
        /** An access token, shown to the registry as it is. */
        ACCESS_TOKEN
    }

    /** A user with a password. */
    public static Credentials password(String user, String password) {
        return new Credentials(user, password, Kind.PASSWORD);
    }

    /** The header of RFC 7617. */
    String basic() {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + secret).getBytes(StandardCharsets.UTF_8));
    }

    /** Names the user, and never the secret. */
    @Override
    public String toString() {
        return user.isEmpty() ? "a token" : "user '" + user + "'";
    }
}
