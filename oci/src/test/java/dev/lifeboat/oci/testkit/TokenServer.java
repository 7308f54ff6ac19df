package dev.lifeboat.oci.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A token server as Docker Hub and Harbor have one: docker/distribution, docs/spec/auth/token.md and oauth.md. It gives
 * tokens that the registry verifies by the certificate of the key. A user named {@code reader} may only pull.
 */
public final class TokenServer implements AutoCloseable {
    /** What the registry and the token server call each other. */
    static final String SERVICE = "tests";

    static final String ISSUER = "lifeboat-tests";

    /** A refresh token that it accepts. */
    public static final String REFRESH_TOKEN = "a-refresh-token";

    private final TestKey key;
    private final Map<String, String> users;
    private final HttpsServer server;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile int seconds = 300;

    /**
     * Starts one.
     *
     * @param users passwords by user
     */
    public TokenServer(TestKey key, Map<String, String> users) throws IOException {
        this.key = key;
        this.users = Map.copyOf(users);
        this.server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        server.setHttpsConfigurator(new HttpsConfigurator(key.tls()));
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "token-server");
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/token", this::answer);
        server.start();
    }

    /** Where it is. */
    public String realm() {
        return "https://127.0.0.1:" + server.getAddress().getPort() + "/token";
    }

    /** How long tokens last from now on. */
    public void setSeconds(int newSeconds) {
        seconds = newSeconds;
    }

    /** The scopes that tokens were asked for, with the method. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String query = exchange.getRequestMethod().equals("POST")
                    ? form
                    : exchange.getRequestURI().getRawQuery();
            List<String> scopes = new ArrayList<>();
            Map<String, String> parameters = new TreeMap<>();
            for (String parameter : (query == null ? "" : query).split("&", -1)) {
                String[] pair = parameter.split("=", 2);
                String value = pair.length < 2 ? "" : URLDecoder.decode(pair[1], StandardCharsets.UTF_8);
                parameters.put(pair[0], value);
                if (pair[0].equals("scope")) {
                    scopes.addAll(List.of(value.split(" ", -1)));
                }
            }
            requests.add(exchange.getRequestMethod() + " " + String.join(" ", scopes));
            String user = user(exchange, parameters);
            if (user.isEmpty()) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            byte[] token = token(user, scopes);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, token.length);
            exchange.getResponseBody().write(token);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private String user(HttpExchange exchange, Map<String, String> parameters) {
        if (exchange.getRequestMethod().equals("POST")) {
            boolean known = "refresh_token".equals(parameters.get("grant_type"))
                    && REFRESH_TOKEN.equals(parameters.get("refresh_token"))
                    && SERVICE.equals(parameters.get("service"));
            return known ? "refreshed" : "";
        }
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header == null || !header.startsWith("Basic ")) {
            return "";
        }
        String[] pair =
                new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8).split(":", 2);
        return pair.length == 2 && pair[1].equals(users.get(pair[0])) ? pair[0] : "";
    }

    private byte[] token(String user, List<String> scopes) throws GeneralSecurityException {
        StringBuilder access = new StringBuilder();
        for (String scope : scopes) {
            int type = scope.indexOf(':');
            int actions = scope.lastIndexOf(':');
            if (type < 0) {
                continue;
            }
            List<String> granted = new ArrayList<>();
            for (String action : scope.substring(actions + 1).split(",", -1)) {
                if (!user.equals("reader") || action.equals("pull")) {
                    granted.add("\"" + action + "\"");
                }
            }
            access.append(access.isEmpty() ? "" : ",")
                    .append("{\"type\":\"")
                    .append(scope, 0, type)
                    .append("\",\"name\":\"")
                    .append(scope, type + 1, actions)
                    .append("\",\"actions\":[")
                    .append(String.join(",", granted))
                    .append("]}");
        }
        long now = Instant.now().getEpochSecond();
        String header = "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"x5c\":[\""
                + Base64.getEncoder().encodeToString(key.certificate().getEncoded()) + "\"]}";
        String claims = "{\"iss\":\"" + ISSUER + "\",\"sub\":\"" + user + "\",\"aud\":\"" + SERVICE + "\",\"exp\":"
                + (now + seconds) + ",\"nbf\":" + (now - 10) + ",\"iat\":" + now + ",\"jti\":\"" + System.nanoTime()
                + "\",\"access\":[" + access + "]}";
        String signed =
                base64(header.getBytes(StandardCharsets.UTF_8)) + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initSign(key.key());
        signature.update(signed.getBytes(StandardCharsets.UTF_8));
        String token = signed + "." + base64(signature.sign());
        return ("{\"token\":\"" + token + "\",\"access_token\":\"" + token + "\",\"expires_in\":" + seconds + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
