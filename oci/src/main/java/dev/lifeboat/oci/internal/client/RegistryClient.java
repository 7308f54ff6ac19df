package dev.lifeboat.oci.internal.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Exchange.Call;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests to a registry that Lifeboat needs: OCI distribution-spec 1.1. What may pass is tried again for some
 * time. Thread-safe.
 */
public final class RegistryClient {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);

    /** Any may come; a registry that has one of these converts none. */
    private static final String MANIFESTS = String.join(
            ", ",
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.oci.artifact.manifest.v1+json",
            "*/*");

    private static final int MAX_LIST_BYTES = 16 << 20;
    private static final int PAGE = 1000;
    private static final Pattern NEXT = Pattern.compile("\\s*<([^>]*)>\\s*;.*rel=\"?next\"?.*");
    private static final String CATALOG_SCOPE = "registry:catalog:*";

    /** How registries say that they do not know a list. */
    private static final Set<Integer> NO_LIST = Set.of(400, 404, 405, 406);

    private static final int MAX_PAGES = 10_000;
    private static final int MAX_ITEMS = 1_000_000;
    /** Of one manifest. */
    private static final int MAX_REFERRERS = 10_000;

    private final Exchange exchange;
    private final boolean pushes;

    private RegistryClient(Exchange exchange, boolean pushes) {
        this.exchange = exchange;
        this.pushes = pushes;
    }

    /**
     * How a registry is asked.
     *
     * @param address where it is
     * @param credentials empty to look them up as the docker command does
     * @param anonymous whether it is asked without credentials
     * @param authorities PEM files of certificates that are trusted besides those that Java trusts
     * @param retryFor how long a request is tried again
     * @param stall how long neither side may be silent
     */
    public record Settings(
            RegistryAddress address,
            Optional<Credentials> credentials,
            boolean anonymous,
            List<Path> authorities,
            Duration retryFor,
            Duration stall) {
        public Settings {
            authorities = List.copyOf(authorities);
        }

        /** Returns a copy that shows these credentials; without any, and not those that are stored, if empty. */
        public Settings showing(Optional<Credentials> newCredentials) {
            return new Settings(address, newCredentials, newCredentials.isEmpty(), authorities, retryFor, stall);
        }

        /** Returns a copy that trusts another file. */
        public Settings trusting(Path file) {
            List<Path> all = new ArrayList<>(authorities);
            all.add(file);
            return new Settings(address, credentials, anonymous, all, retryFor, stall);
        }

        /** Returns a copy that retries for another time. */
        public Settings retryingFor(Duration time) {
            return new Settings(address, credentials, anonymous, authorities, time, stall);
        }

        private Optional<Credentials> find() throws IOException {
            return anonymous || credentials.isPresent()
                    ? credentials
                    : DockerConfig.ofUser().find(address.credentialKeys());
        }
    }

    /** Creates a client that pulls. It connects with the first request. */
    public static RegistryClient of(Settings settings) throws IOException {
        return of(settings, false);
    }

    /**
     * Creates a client that pushes. It asks for the right to push with each request: a repository that does not exist
     * yet cannot be pulled from.
     */
    public static RegistryClient forPush(Settings settings) throws IOException {
        return of(settings, true);
    }

    private static RegistryClient of(Settings settings, boolean pushes) throws IOException {
        return new RegistryClient(
                new Exchange(
                        settings.address(),
                        settings.authorities(),
                        settings::find,
                        settings.retryFor(),
                        settings.stall()),
                pushes);
    }

    /** The name of the registry, as names of images have it. */
    public String name() {
        return exchange.address().name();
    }

    private String pull(String repository) {
        return pushes ? push(repository) : "repository:" + repository + ":pull";
    }

    private static String push(String repository) {
        return "repository:" + repository + ":pull,push";
    }

    private String path(String repository, String rest) {
        return "/v2/" + exchange.address().repository(repository) + "/" + rest;
    }

    private String scoped(String repository) {
        return exchange.address().repository(repository);
    }

    private String label(String verb, String repository, String reference) {
        return verb + " " + name() + "/" + repository + (reference.contains(":") ? "@" : ":") + reference;
    }

    /**
     * Reads a manifest or index.
     *
     * @param reference tag or digest
     * @throws RegistryException if there is none, or if its digest is another one than the registry says
     */
    public Manifest manifest(String repository, String reference) throws IOException {
        return findManifest(repository, reference)
                .orElseThrow(() -> new RegistryException(
                        RegistryException.Kind.NOT_FOUND,
                        label("pull", repository, reference) + ": the registry has no such image"));
    }

    /** Reads a manifest or index; empty if there is none. */
    public Optional<Manifest> findManifest(String repository, String reference) throws IOException {
        String label = label("pull", repository, reference);
        Retry retry = exchange.newRetry();
        while (true) {
            try (Response response =
                    exchange.once(Call.get(label, path(repository, "manifests/" + reference), pull(scoped(repository)))
                            .with("Accept", MANIFESTS))) {
                if (response.status() == 404) {
                    return Optional.empty();
                }
                return Optional.of(checked(label, reference, succeeded(response)));
            } catch (IOException e) {
                exchange.pauseOrThrow(retry, label, e);
            }
        }
    }

    private static Manifest checked(String label, String reference, Response response) throws IOException {
        byte[] bytes = response.document(Manifest.MAX_BYTES);
        String type = response.header("Content-Type")
                .orElse("")
                .replaceFirst(";.*", "")
                .strip();
        Manifest manifest = Manifest.of(type, bytes);
        Optional<String> stated = reference.contains(":")
                ? Optional.of(reference)
                : response.header("Docker-Content-Digest").filter(digest -> digest.startsWith("sha256:"));
        if (stated.isPresent() && !stated.get().equals(manifest.digest())) {
            // A form that has no digest of its bytes says so itself.
            manifest.json();
            throw new RegistryException(
                    RegistryException.Kind.DAMAGED,
                    label + ": the registry sent a manifest with digest " + manifest.digest() + " for " + stated.get());
        }
        return manifest;
    }

    /** The digest that a tag refers to, or that is there; empty if there is none. */
    public Optional<String> findDigest(String repository, String reference) throws IOException {
        String label = label("look up", repository, reference);
        try (Response response = exchange.send(
                Call.of("HEAD", label, URI.create(path(repository, "manifests/" + reference)), pull(scoped(repository)))
                        .with("Accept", MANIFESTS))) {
            if (response.status() == 404) {
                return Optional.empty();
            }
            succeeded(response);
            Optional<String> digest =
                    response.header("Docker-Content-Digest").filter(value -> value.matches("sha256:[0-9a-f]{64}"));
            if (digest.isPresent() && reference.contains(":") && !digest.get().equals(reference)) {
                throw new RegistryException(
                        RegistryException.Kind.DAMAGED,
                        label + ": the registry says that it has " + digest.get() + " there");
            }
            if (digest.isPresent()) {
                return digest;
            }
        }
        return findManifest(repository, reference).map(Manifest::digest);
    }

    /** Whether a repository has a blob. */
    public boolean hasBlob(String repository, String digest) throws IOException {
        try (Response response = exchange.send(Call.of(
                "HEAD",
                label("look up", repository, digest),
                URI.create(path(repository, "blobs/" + digest)),
                pull(scoped(repository))))) {
            if (response.status() == 404) {
                return false;
            }
            succeeded(response);
            return true;
        }
    }

    /**
     * Opens a blob. The stream continues where a connection broke, and fails if the blob has another length; the caller
     * verifies the digest, and closes the stream.
     */
    public InputStream blob(String repository, String digest, long size) {
        return blob(repository, digest, size, 0, size);
    }

    /** Opens the part of a blob between two offsets; otherwise as {@link #blob(String, String, long)}. */
    public InputStream blob(String repository, String digest, long size, long from, long end) {
        return new BlobStream(
                exchange,
                Call.get(
                        label("pull", repository, digest),
                        path(repository, "blobs/" + digest),
                        pull(scoped(repository))),
                size,
                from,
                end);
    }

    /**
     * Makes a blob of another repository of this registry appear in a repository, without sending it.
     *
     * @return whether that was possible
     */
    public boolean mount(String repository, String digest, String from) throws IOException {
        String label = label("mount", repository, digest);
        String scope = push(scoped(repository)) + " repository:" + scoped(from) + ":pull";
        URI target = URI.create(path(repository, "blobs/uploads/") + "?mount=" + digest + "&from=" + scoped(from));
        try (Response response =
                exchange.send(Call.of("POST", label, target, scope).with(Body.EMPTY))) {
            if (response.status() == 202 && response.header("Location").isPresent()) {
                cancel(repository, upload(label, response));
            }
            return response.status() == 201;
        } catch (RegistryException e) {
            if (e.kind() == RegistryException.Kind.UNAUTHORIZED) {
                // A token for both repositories may be refused although each alone is allowed.
                return false;
            }
            throw e;
        }
    }

    /** Ends an upload that is not needed, as a courtesy: the registry ends it by itself some day. */
    private void cancel(String repository, URI upload) throws IOException {
        String label = "cancel an upload to " + name() + "/" + repository;
        try {
            exchange.once(Call.of("DELETE", label, upload, push(scoped(repository))))
                    .close();
        } catch (IOException e) {
            if (Io.isInterruption(e)) {
                throw e;
            }
            LOG.debug("{}: {}", label, e.getMessage());
        }
    }

    /**
     * Sends a blob, from its beginning if it has to be sent again.
     *
     * @throws RegistryException if the registry rejects it, such as for another digest
     */
    public void upload(String repository, String digest, Body content) throws IOException {
        String label = label("push", repository, digest);
        String scope = push(scoped(repository));
        Retry retry = exchange.newRetry();
        while (true) {
            try {
                URI upload;
                try (Response started =
                        exchange.once(Call.of("POST", label, URI.create(path(repository, "blobs/uploads/")), scope)
                                .with(Body.EMPTY))) {
                    upload = upload(label, succeeded(started));
                }
                URI target = URI.create(
                        upload + (upload.getRawQuery() == null ? "?" : "&") + "digest=" + digest.replace(":", "%3A"));
                try (Response sent = exchange.once(Call.of("PUT", label, target, scope)
                        .with("Content-Type", "application/octet-stream")
                        .with(content))) {
                    if (sent.status() == 404) {
                        // The registry has forgotten the upload, as after a restart.
                        throw new TransientException(sent.failure(), Optional.empty());
                    }
                    succeeded(sent);
                    return;
                }
            } catch (IOException e) {
                exchange.pauseOrThrow(retry, label, e);
            }
        }
    }

    /** Where an upload goes on. Behind a proxy, registries may call themselves by an address without TLS. */
    private URI upload(String label, Response response) throws IOException {
        String location = response.header("Location")
                .orElseThrow(() -> new RegistryException(
                        RegistryException.Kind.REFUSED, label + ": the registry names no place for the upload"));
        URI own = exchange.address().uri();
        URI named = Exchange.resolve(label, response.uri(), location);
        boolean same = own.getHost().equalsIgnoreCase(named.getHost());
        if (named.getScheme().equals(own.getScheme()) || !own.getScheme().equals("https")) {
            return named;
        }
        if (!same) {
            throw new RegistryException(
                    RegistryException.Kind.REFUSED,
                    label + ": the registry names a place for the upload without TLS: " + named.getAuthority());
        }
        return own.resolve(named.getRawPath() + (named.getRawQuery() == null ? "" : "?" + named.getRawQuery()));
    }

    /**
     * Stores a manifest under a tag or its digest.
     *
     * @return whether the registry has entered it as a referrer, if it has a subject: distribution-spec 1.1, "Pushing
     *     Manifests with Subject"
     */
    public boolean putManifest(String repository, String reference, Manifest manifest) throws IOException {
        String label = label("push", repository, reference);
        try (Response response = exchange.send(putting(label, repository, reference, manifest))) {
            succeeded(response);
            Optional<String> stored = response.header("Docker-Content-Digest");
            if (stored.isPresent() && !stored.get().equals(manifest.digest())) {
                throw new RegistryException(
                        RegistryException.Kind.DAMAGED,
                        label + ": the registry has stored " + stored.get() + " for " + manifest.digest());
            }
            return response.header("OCI-Subject").isPresent();
        }
    }

    private Call putting(String label, String repository, String reference, Manifest manifest) {
        return Call.of("PUT", label, URI.create(path(repository, "manifests/" + reference)), push(scoped(repository)))
                .with("Content-Type", manifest.mediaType())
                .with(Body.of(manifest.bytes()));
    }

    /**
     * Stores a manifest under a tag with one attempt, so that it does not arrive much later than this returns.
     *
     * @throws IOException if there is no response, or it is no success; the manifest may be there or not
     */
    public void putManifestOnce(String repository, String tag, Manifest manifest) throws IOException {
        String label = label("push", repository, tag);
        try (Response response = exchange.once(putting(label, repository, tag, manifest))) {
            succeeded(response);
        } catch (TransientException e) {
            throw e.failure();
        }
    }

    /**
     * Removes a manifest, and with it all of its tags.
     *
     * @return false if it is not there
     * @throws RegistryException if the registry removes nothing
     */
    @CanIgnoreReturnValue
    public boolean deleteManifest(String repository, String digest) throws IOException {
        String label = label("delete", repository, digest);
        String scope = "repository:" + scoped(repository) + ":pull,push,delete";
        try (Response response =
                exchange.send(Call.of("DELETE", label, URI.create(path(repository, "manifests/" + digest)), scope))) {
            if (response.status() == 405 || response.status() == 400) {
                throw new RegistryException(
                        RegistryException.Kind.REFUSED,
                        response.failure().getMessage() + "; deletion has to be enabled in the registry");
            }
            if (response.status() == 404) {
                return false;
            }
            succeeded(response);
            return true;
        }
    }

    /** Lists the manifests that are about another one: distribution-spec 1.1, "Listing Referrers". */
    public List<Descriptor> referrers(String repository, String digest) throws IOException {
        String label = label("list the referrers of", repository, digest);
        List<Descriptor> all = new ArrayList<>();
        String path = path(repository, "referrers/" + digest);
        boolean known = pages(label, path, pull(scoped(repository)), NO_LIST, page -> {
            for (JsonObject descriptor : page.objects("manifests")) {
                all.add(Descriptor.of(descriptor));
            }
            limit(label, all, MAX_REFERRERS);
        });
        if (known) {
            return all;
        }
        Optional<Manifest> fallback = findManifest(repository, fallbackTag(digest));
        List<Descriptor> listed = fallback.isPresent() ? fallback.get().children() : List.of();
        limit(label, listed, MAX_REFERRERS);
        return listed;
    }

    private static void limit(String label, List<?> items, int most) throws RegistryException {
        if (items.size() > most) {
            throw new RegistryException(
                    RegistryException.Kind.REFUSED, label + ": the registry lists over " + most + " of them");
        }
    }

    /** The tag that lists referrers in registries that do not: distribution-spec 1.1, "Referrers Tag Schema". */
    public static String fallbackTag(String digest) {
        return digest.replace(':', '-');
    }

    /** Lists the tags of a repository; none if there is no such repository. */
    public List<String> tags(String repository) throws IOException {
        List<String> all = new ArrayList<>();
        String label = "list the tags of " + name() + "/" + repository;
        pages(label, path(repository, "tags/list?n=" + PAGE), pull(scoped(repository)), Set.of(404), page -> {
            all.addAll(page.has("tags") ? page.strings("tags") : List.of());
            limit(label, all, MAX_ITEMS);
        });
        return all;
    }

    /**
     * Lists all repositories.
     *
     * @throws RegistryException if the registry has no list, as Docker Hub has none
     */
    public List<String> repositories() throws IOException {
        List<String> all = new ArrayList<>();
        String label = "list the repositories of " + name();
        boolean known = pages(label, "/v2/_catalog?n=" + PAGE, CATALOG_SCOPE, NO_LIST, page -> {
            all.addAll(page.has("repositories") ? page.strings("repositories") : List.of());
            limit(label, all, MAX_ITEMS);
        });
        if (!known) {
            throw new RegistryException(
                    RegistryException.Kind.NOT_FOUND, label + ": the registry has no list of its repositories");
        }
        for (String repository : all) {
            if (!ImageName.isRepository(repository)) {
                throw new RegistryException(
                        RegistryException.Kind.REFUSED,
                        label + ": '" + repository.replaceAll("\\p{Cntrl}", "?") + "' is not the name of a repository");
            }
        }
        return all;
    }

    private interface Page {
        void read(JsonObject page) throws IOException;
    }

    /** Reads all pages of a list. Returns false if there is no such list. */
    private boolean pages(String label, String path, String scope, Set<Integer> noList, Page reader)
            throws IOException {
        Set<URI> seen = new HashSet<>();
        Optional<URI> next = Optional.of(URI.create(path));
        while (next.isPresent()) {
            if (!seen.add(next.get()) || seen.size() > MAX_PAGES) {
                throw new RegistryException(
                        RegistryException.Kind.REFUSED, label + ": the registry sends pages without end");
            }
            try (Response response = exchange.send(Call.of("GET", label, next.get(), scope))) {
                if (seen.size() == 1 && noList.contains(response.status())) {
                    return false;
                }
                JsonObject page = JsonObject.parse(succeeded(response).document(MAX_LIST_BYTES), label);
                reader.read(page);
                next = next(label, response);
            } catch (DamagedException e) {
                if (seen.size() == 1 && noList.equals(NO_LIST)) {
                    // A page for people, as some registries have it for paths that they do not know.
                    return false;
                }
                throw new RegistryException(RegistryException.Kind.REFUSED, label + ": the response is not a list", e);
            }
        }
        return true;
    }

    /** The next page of a list: distribution-spec 1.1, "Listing Tags". */
    private Optional<URI> next(String label, Response response) throws IOException {
        Optional<String> link = response.header("Link");
        Matcher parts = NEXT.matcher(link.orElse(""));
        if (!parts.matches()) {
            return Optional.empty();
        }
        URI uri = Exchange.resolve(label, response.uri(), parts.group(1));
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        // A path, so that a registry behind a proxy is asked by the name that it was found under.
        return Optional.of(URI.create(uri.getRawPath() + query));
    }

    private static Response succeeded(Response response) throws IOException {
        if (!response.isSuccess()) {
            throw response.failure();
        }
        return response;
    }
}
