package dev.lifeboat.oci.internal.client;

import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests to one registry: authenticates, follows redirects, and repeats what may succeed later. Credentials go
 * to the registry and to its token server, and never where a redirect leads. Thread-safe.
 */
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int MAX_REDIRECTS = 5;
    private static final String AGENT = "lifeboat";

    private final Duration retryFor;
    private final Transport transport;
    private final Authentication.CredentialSource source;
    private volatile RegistryAddress address;
    private volatile Authentication authentication;

    Exchange(
            RegistryAddress address,
            List<Path> authorities,
            Authentication.CredentialSource source,
            Duration retryFor,
            Duration stall)
            throws IOException {
        this.address = address;
        this.retryFor = retryFor;
        this.source = source;
        this.transport = new Transport(Tls.trusting(authorities, address), stall);
        this.authentication = new Authentication(transport, address, source);
    }

    /**
     * A request.
     *
     * @param method such as {@code GET}
     * @param label what is requested, for messages
     * @param target absolute, or a path of the registry
     * @param scope what a token has to allow: docker/distribution, docs/spec/auth/scope.md; several with spaces
     * @param header name and value of a header; empty for none
     * @param body content to send
     */
    record Call(String method, String label, URI target, String scope, List<String> header, Optional<Body> body) {
        Call {
            header = List.copyOf(header);
        }

        static Call of(String method, String label, URI target, String scope) {
            return new Call(method, label, target, scope, List.of(), Optional.empty());
        }

        static Call get(String label, String path, String scope) {
            return of("GET", label, URI.create(path), scope);
        }

        Call with(String name, String value) {
            return new Call(method, label, target, scope, List.of(name, value), body);
        }

        Call with(Body newBody) {
            return new Call(method, label, target, scope, header, Optional.of(newBody));
        }
    }

    RegistryAddress address() {
        return address;
    }

    Retry newRetry() {
        return new Retry(retryFor);
    }

    /**
     * Sends a request, again and again if it fails in a way that may pass. The caller closes the response and handles
     * its status.
     *
     * @throws RegistryException if there is no time left, or the registry wants other credentials
     */
    Response send(Call call) throws IOException {
        Retry retry = newRetry();
        while (true) {
            try {
                return once(call);
            } catch (IOException e) {
                pauseOrThrow(retry, call.label(), e);
            }
        }
    }

    /** Waits before another attempt; throws if the failure is final or there is no time left. */
    void pauseOrThrow(Retry retry, String label, IOException failure) throws IOException {
        if (failure instanceof TransientException later) {
            if (!retry.pause(later.retryAfter())) {
                throw later.failure();
            }
        } else if (failure instanceof UnknownHostException) {
            throw new RegistryException(
                    RegistryException.Kind.UNREACHABLE,
                    label + ": there is no host '" + failure.getMessage() + "'; check the address of the registry",
                    failure);
        } else if (!Retry.isTransient(failure)) {
            if (failure instanceof SSLException) {
                throw new RegistryException(
                        RegistryException.Kind.UNREACHABLE,
                        label + ": no TLS with the registry: " + failure.getMessage()
                                + "; trusting(..) names the certificate of its authority",
                        failure);
            }
            throw failure;
        } else if (!retry.pause(Optional.empty())) {
            throw new RegistryException(
                    RegistryException.Kind.UNREACHABLE,
                    label + ": the registry does not respond: " + failure.getMessage(),
                    failure);
        }
        LOG.debug("{}: {}; tried again", label, failure.getMessage());
    }

    /**
     * Sends a request once.
     *
     * @throws TransientException if the response says that it may succeed later
     */
    Response once(Call call) throws IOException {
        RegistryAddress current = address;
        try {
            return authenticated(call);
        } catch (SSLException e) {
            if (e instanceof SSLHandshakeException || !current.mayBePlain()) {
                throw e;
            }
            synchronized (this) {
                if (address.mayBePlain()) {
                    address = address.plain();
                    authentication = new Authentication(transport, address, source);
                }
            }
            return authenticated(call);
        }
    }

    private Response authenticated(Call call) throws IOException {
        Optional<String> known = authentication.known(call.scope());
        Response first = redirected(call, known);
        // One that comes from where a redirect leads is not the registry's, and is not answered.
        if (first.status() != 401 || !address.isOwn(first.uri())) {
            return lasting(first);
        }
        String answer;
        try (first) {
            answer = authentication.answer(first, call.scope(), known);
        }
        Response second = redirected(call, Optional.of(answer));
        if (second.status() == 401 && address.isOwn(second.uri())) {
            try (second) {
                throw authentication.rejected(second.failure());
            }
        }
        return lasting(second);
    }

    private static Response lasting(Response response) throws IOException {
        if (response.isTransient()) {
            try (response) {
                throw new TransientException(response.failure(), response.retryAfter());
            }
        }
        return response;
    }

    private Response redirected(Call call, Optional<String> authorization) throws IOException {
        URI target = address.uri().resolve(call.target());
        for (int redirects = 0; ; redirects++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(target).header("User-Agent", AGENT);
            if (!call.header().isEmpty()) {
                request.header(call.header().get(0), call.header().get(1));
            }
            if (authorization.isPresent() && address.isOwn(target)) {
                request.header("Authorization", authorization.get());
            }
            Response response = transport.send(call.label(), request, call.method(), call.body());
            boolean redirect = List.of(301, 302, 303, 307, 308).contains(response.status())
                    && List.of("GET", "HEAD").contains(call.method());
            if (!redirect) {
                return response;
            }
            try (response) {
                target = next(call, target, response, redirects);
            }
        }
    }

    private URI next(Call call, URI target, Response response, int redirects) throws IOException {
        Optional<String> location = response.header("Location");
        if (location.isEmpty() || redirects == MAX_REDIRECTS) {
            throw new RegistryException(
                    RegistryException.Kind.REFUSED,
                    call.label() + ": "
                            + (location.isEmpty() ? "a redirect to nowhere" : "over " + MAX_REDIRECTS + " redirects"));
        }
        URI next = resolve(call.label(), target, location.get());
        if (target.getScheme().equals("https") && !next.getScheme().equals("https")) {
            throw new RegistryException(
                    RegistryException.Kind.REFUSED,
                    call.label() + ": a redirect from TLS to " + next.getScheme() + "://" + next.getAuthority()
                            + " is not followed");
        }
        return next;
    }

    /** Returns the address that a response names. */
    static URI resolve(String label, URI base, String location) throws IOException {
        try {
            URI uri = base.resolve(new URI(location)).parseServerAuthority();
            if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Handled as any other one that is no address.
        }
        throw new RegistryException(
                RegistryException.Kind.REFUSED,
                label + ": the registry names a place that is no address: '"
                        + location.substring(0, Math.min(200, location.length()))
                                .replaceAll("\\p{Cntrl}", "?") + "'");
    }
}
