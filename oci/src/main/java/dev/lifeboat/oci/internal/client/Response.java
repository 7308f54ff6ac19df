package dev.lifeboat.oci.internal.client;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** What a registry has responded. The caller closes it. */
final class Response implements Closeable {
    private static final int MAX_ERROR_BYTES = 1 << 16;
    private static final int MAX_SHOWN = 300;

    private final String request;
    private final URI uri;
    private final int status;
    private final HttpHeaders headers;
    private final InputStream body;

    Response(String request, URI uri, int status, HttpHeaders headers, InputStream body) {
        this.request = request;
        this.uri = uri;
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    int status() {
        return status;
    }

    /** Where the response comes from, after redirects. */
    URI uri() {
        return uri;
    }

    InputStream body() {
        return body;
    }

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    List<String> headers(String name) {
        return headers.allValues(name);
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }

    /** Whether the same request may succeed later. */
    boolean isTransient() {
        return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
    }

    /** How long the registry asks to wait: RFC 9110, section 10.2.3. */
    Optional<Duration> retryAfter() {
        Optional<String> value = header("Retry-After").map(String::strip);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            if (value.get().matches("[0-9]{1,9}")) {
                return Optional.of(Duration.ofSeconds(Long.parseLong(value.get())));
            }
            Instant until = ZonedDateTime.parse(value.get(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration left = Duration.between(Instant.now(), until);
            return Optional.of(left.isNegative() ? Duration.ZERO : left);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Reads a document of limited length. */
    byte[] document(int maxBytes) throws IOException {
        byte[] bytes = body.readNBytes(maxBytes + 1);
        if (bytes.length > maxBytes) {
            throw new RegistryException(
                    RegistryException.Kind.REFUSED, request + ": the response has over " + maxBytes + " bytes");
        }
        return bytes;
    }

    /** Returns the failure that the registry reports; reads the body. */
    RegistryException failure() {
        RegistryException.Kind kind = switch (status) {
            case 401 -> RegistryException.Kind.UNAUTHORIZED;
            case 403 -> RegistryException.Kind.FORBIDDEN;
            case 404 -> RegistryException.Kind.NOT_FOUND;
            case 429 -> RegistryException.Kind.RATE_LIMITED;
            default -> RegistryException.Kind.REFUSED;
        };
        String wait = status == 429
                ? retryAfter()
                        .map(time -> "; it asks to come back in " + time.toSeconds() + " s")
                        .orElse("")
                : "";
        return new RegistryException(kind, request + ": status " + status + wait + said());
    }

    /** The errors of a registry: distribution-spec 1.1, "Error Codes". */
    private String said() {
        byte[] bytes;
        try {
            bytes = body.readNBytes(MAX_ERROR_BYTES);
        } catch (IOException e) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        try {
            for (JsonObject error : JsonObject.parse(bytes, "errors").objects("errors")) {
                text.append("; ").append(error.optionalString("code").orElse(""));
                error.optionalString("message")
                        .ifPresent(message -> text.append(": ").append(message));
            }
        } catch (DamagedException e) {
            text.append(bytes.length == 0 ? "" : "; ").append(new String(bytes, StandardCharsets.UTF_8).strip());
        }
        String shown = text.toString().replaceAll("\\p{Cntrl}+", " ");
        return shown.length() > MAX_SHOWN ? shown.substring(0, MAX_SHOWN) + ".." : shown;
    }

    /** Ends the response; what was not read is not read any more. */
    @Override
    public void close() throws IOException {
        body.close();
    }
}
