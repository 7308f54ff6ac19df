package dev.lifeboat.oci.internal.client;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Credentials.Kind;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * Answers the challenges of a registry: basic authentication, and tokens of a token server
 * (docker/distribution, docs/spec/auth/token.md and oauth.md). Asks for credentials only when the registry wants them.
 * Thread-safe.
 */
final class Authentication {
    private static final int MAX_TOKEN_BYTES = 1 << 20;
    /** What a token server means that does not tell: token.md, "expires_in". */
    private static final long DEFAULT_SECONDS = 60;

    /** A token is shown for some time, even if it says that it expires at once; the registry rejects it if it does. */
    private static final long MIN_SECONDS = 10;

    private static final long MAX_SECONDS = 86_400;

    private final Transport transport;
    private final RegistryAddress address;
    private final CredentialSource source;
    private final Map<String, Token> tokens = new HashMap<>();
    /** What is shown for each scope. */
    private Optional<String> header = Optional.empty();

    /** Looks for the credentials of the registry. */
    interface CredentialSource {
        Optional<Credentials> find() throws IOException;
    }

    private record Token(String value, long until) {}

    Authentication(Transport transport, RegistryAddress address, CredentialSource source) {
        this.transport = transport;
        this.address = address;
        this.source = source;
    }

    /** Returns the header that the registry has accepted for a scope; empty if it has not been asked yet. */
    synchronized Optional<String> known(String scope) {
        if (header.isPresent()) {
            return header;
        }
        Token token = tokens.get(scope);
        return token == null || System.nanoTime() - token.until() > 0
                ? Optional.empty()
                : Optional.of("Bearer " + token.value());
    }

    /**
     * Returns the header that answers a challenge.
     *
     * @param rejected the header that was rejected with this challenge, if there was one
     */
    synchronized String answer(Response challenged, String scope, Optional<String> rejected) throws IOException {
        Optional<String> known = known(scope);
        if (known.isPresent() && !known.equals(rejected)) {
            // Another thread has answered meanwhile.
            return known.get();
        }
        header = Optional.empty();
        tokens.remove(scope);
        Challenge challenge = Challenge.of(challenged.headers("WWW-Authenticate"))
                .orElseThrow(() -> unauthorized("wants authentication of a kind that is not known", Optional.empty()));
        Optional<Credentials> credentials = source.find();
        if (credentials.isPresent() && credentials.get().kind() == Kind.ACCESS_TOKEN) {
            header = Optional.of("Bearer " + credentials.get().secret());
            return header.get();
        }
        if (challenge.scheme().equals("basic")) {
            Credentials found = credentials.orElseThrow(() -> unauthorized("wants credentials", credentials));
            if (found.kind() == Kind.IDENTITY_TOKEN) {
                throw unauthorized("wants a user and a password, and there is only a token for it", credentials);
            }
            header = Optional.of(found.basic());
            return found.basic();
        }
        Token token = token(challenge, scope, credentials);
        tokens.put(scope, token);
        return "Bearer " + token.value();
    }

    private RegistryException unauthorized(String what, Optional<Credentials> credentials) {
        String who = credentials.isPresent()
                ? "; it was shown " + credentials.get()
                : "; no credentials for it were found: 'docker login " + address.name()
                        + "' stores them, or withCredentials(..) gives them";
        return new RegistryException(
                RegistryException.Kind.UNAUTHORIZED, "registry " + address.name() + " " + what + who);
    }

    /** The failure of a registry that rejects what has answered its challenge. */
    RegistryException rejected(RegistryException said) throws IOException {
        return unauthorized("rejects the request: " + said.getMessage(), source.find());
    }

    private Token token(Challenge challenge, String scope, Optional<Credentials> credentials) throws IOException {
        URI realm = realm(challenge);
        Map<String, String> query = new HashMap<>();
        challenge.parameter("service").ifPresent(service -> query.put("service", service));
        boolean refresh = credentials.isPresent() && credentials.get().kind() == Kind.IDENTITY_TOKEN;
        String wanted = scope.isEmpty() ? challenge.parameter("scope").orElse("") : scope;
        HttpRequest.Builder request;
        Optional<Body> body = Optional.empty();
        if (refresh) {
            query.put("grant_type", "refresh_token");
            query.put("client_id", "lifeboat");
            query.put("refresh_token", credentials.get().secret());
            if (!wanted.isEmpty()) {
                query.put("scope", wanted);
            }
            request = HttpRequest.newBuilder(realm).header("Content-Type", "application/x-www-form-urlencoded");
            body = Optional.of(Body.of(encode(query).getBytes(StandardCharsets.UTF_8)));
        } else {
            StringBuilder all = new StringBuilder(encode(query));
            for (String one : wanted.isEmpty() ? new String[0] : wanted.split(" ", -1)) {
                all.append(all.isEmpty() ? "" : "&").append("scope=").append(encode(one));
            }
            request = HttpRequest.newBuilder(withQuery(realm, all.toString()));
            credentials.ifPresent(found -> request.header("Authorization", found.basic()));
        }
        String label = "ask the token server of registry " + address.name() + " at " + realm.getAuthority();
        try (Response response = asked(label, request, refresh ? "POST" : "GET", body)) {
            if (response.isTransient()) {
                throw new TransientException(response.failure(), response.retryAfter());
            }
            if (response.status() == 401 || response.status() == 403) {
                throw unauthorized(
                        "has a token server, " + realm.getAuthority() + ", which gives no token for "
                                + (wanted.isEmpty() ? "any request" : wanted),
                        credentials);
            }
            if (!response.isSuccess()) {
                throw response.failure();
            }
            JsonObject answer =
                    JsonObject.parse(response.document(MAX_TOKEN_BYTES), "the token of " + realm.getAuthority());
            Optional<String> other = answer.optionalString("access_token");
            String value = answer.optionalString("token")
                    .filter(text -> !text.isEmpty())
                    .or(() -> other)
                    .orElseThrow(() -> unauthorized("has a token server that sent no token", credentials));
            if (!value.matches("[\\x21-\\x7e]+")) {
                throw unauthorized("has a token server that sent a token which is none", credentials);
            }
            long seconds = answer.has("expires_in") ? answer.number("expires_in") : DEFAULT_SECONDS;
            // Renewed before it expires, since clocks differ.
            long used = Math.max(MIN_SECONDS, Math.min(seconds, MAX_SECONDS));
            return new Token(value, System.nanoTime() + used * 750_000_000L);
        }
    }

    private Response asked(String label, HttpRequest.Builder request, String method, Optional<Body> body)
            throws IOException {
        try {
            return transport.send(label, request, method, body);
        } catch (IOException e) {
            // Otherwise the registry would be the one that is said to be silent.
            if (e instanceof SSLException || e instanceof UnknownHostException) {
                throw new RegistryException(
                        RegistryException.Kind.UNREACHABLE, label + ": it cannot be reached: " + e.getMessage(), e);
            }
            if (Retry.isTransient(e)) {
                RegistryException silent = new RegistryException(
                        RegistryException.Kind.UNREACHABLE, label + ": it does not respond: " + e.getMessage(), e);
                throw new TransientException(silent, Optional.empty());
            }
            throw e;
        }
    }

    /** The token server may be another host, as that of Docker Hub is; never without TLS where the registry has it. */
    private URI realm(Challenge challenge) throws IOException {
        String realm = challenge.parameter("realm").orElse("");
        try {
            URI uri = new URI(realm).parseServerAuthority();
            boolean plain = "http".equals(uri.getScheme());
            boolean valid = uri.getHost() != null
                    && ("https".equals(uri.getScheme())
                            || plain && address.uri().getScheme().equals("http"));
            if (valid) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Handled as any other one that is no address.
        }
        throw new RegistryException(
                RegistryException.Kind.REFUSED,
                "registry " + address.name() + " names a token server that is not used: '" + realm
                        + "' is not an address with TLS");
    }

    private static URI withQuery(URI uri, String query) {
        if (query.isEmpty()) {
            return uri;
        }
        return URI.create(uri + (uri.getRawQuery() == null ? "?" : "&") + query);
    }

    private static String encode(Map<String, String> query) {
        StringBuilder text = new StringBuilder();
        query.forEach((name, value) ->
                text.append(text.isEmpty() ? "" : "&").append(name).append('=').append(encode(value)));
        return text.toString();
    }

    private static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }
}
