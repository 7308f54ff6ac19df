package dev.lifeboat.oci;

import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.oci.internal.client.Credentials;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.RegistryAddress;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.transfer.PushNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A registry of images, such as Docker Hub, Harbor, GHCR or ECR: OCI distribution-spec 1.1. Images are captured from it
 * without an engine, and pushed to it from any snapshot that has images. Manifests and indexes are kept byte for byte,
 * so an image has the same digest afterwards.
 *
 * <pre>{@code
 * Registry registry = Registry.at("registry.example:5000");
 * Snapshot snapshot = repo.backup(registry.image("shop/web:1.2")).run();
 * repo.restore(snapshot).to(Registry.at("other.example").push("shop/web:1.2")).run();
 * }</pre>
 *
 * <p>It authenticates as the docker command does: with the credentials that {@code docker login} has stored, or with
 * those of a credential helper, but only if the registry wants them. They are sent to the registry and to its token
 * server, and never where a redirect leads. TLS trusts what Java trusts, the certificates of {@link #trusting}, and
 * those that the engine on this machine has for the registry, in {@code /etc/docker/certs.d}.
 *
 * <p>Requests that fail in a way that may pass, such as by a broken connection, by status 429 or 503, are repeated for
 * {@link #retryingFor}; a download then continues where it broke off.
 *
 * <p>Immutable and thread-safe; it has nothing to close. Its threads are daemons.
 */
public final class Registry {
    private static final Duration STALL = Duration.ofSeconds(60);

    private final RegistryClient.Settings settings;

    private Registry(RegistryClient.Settings settings) {
        this.settings = settings;
    }

    /**
     * Names a registry. It is asked with TLS; without it if the address begins with {@code http://}, or if the registry
     * is on this machine and has none.
     *
     * @param address such as {@code registry.example:5000}, {@code http://10.0.0.5:5000} or {@code docker.io}
     * @throws IllegalArgumentException if it is not the address of a registry
     */
    public static Registry at(String address) {
        return new Registry(new RegistryClient.Settings(
                RegistryAddress.parse(address), Optional.empty(), false, List.of(), Duration.ofSeconds(60), STALL));
    }

    /** Returns a copy that sends a user and a password, or an access token in its place. */
    public Registry withCredentials(String user, String password) {
        return new Registry(settings.showing(Optional.of(Credentials.password(user, password))));
    }

    /** Returns a copy that sends no credentials, even if {@code docker login} has stored some. */
    public Registry anonymous() {
        return new Registry(settings.showing(Optional.empty()));
    }

    /**
     * Returns a copy that also trusts certificates of other authorities than the JDK does.
     *
     * @param certificates PEM file with one or more certificates; read with the first request
     */
    public Registry trusting(Path certificates) {
        return new Registry(settings.trusting(certificates));
    }

    /**
     * Returns a copy with another time limit for retries of a request; the default is 60 seconds.
     *
     * @param time zero to try each once
     * @throws IllegalArgumentException if it is negative
     */
    public Registry retryingFor(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("the time for retries is negative: " + time);
        }
        return new Registry(settings.retryingFor(time));
    }

    /**
     * An image as a source: all platforms, with what refers to it, such as signatures.
     *
     * @param name such as {@code shop/web:1.2} or {@code shop/web@sha256:...}, without the registry
     * @throws IllegalArgumentException if it is not such a name
     */
    public RegistrySource image(String name) {
        ImageName image = ImageName.parse(name);
        return RegistrySource.ofImages("image:" + settings.address().name() + "/" + image, settings, List.of(image));
    }

    /**
     * Images as one source, such as those of a Compose project: a layer that several have is pulled once.
     *
     * @param series name of the series of snapshots, such as {@code shop}
     * @param names as for {@link #image}
     * @throws IllegalArgumentException if one is not such a name, or there is none
     */
    public RegistrySource images(String series, String... names) {
        if (names.length == 0) {
            throw new IllegalArgumentException("there is no image in the list");
        }
        return RegistrySource.ofImages(
                "images:" + series,
                settings,
                List.of(names).stream().map(ImageName::parse).toList());
    }

    /**
     * All repositories and tags as one source. {@link RegistrySource#repositories} and {@link RegistrySource#tags}
     * choose some. An image that cannot be captured is a {@linkplain dev.lifeboat.entry.Problem problem}, and does not
     * end the capture.
     */
    public RegistrySource catalog() {
        return RegistrySource.ofCatalog(settings);
    }

    /**
     * Pushes the image of a snapshot under a name. A tag that refers to another image is moved. Blobs that the registry
     * has are neither read from the snapshot nor sent; those of another of its repositories are mounted.
     *
     * <p>An image that was captured from an engine without its manifest, as engines with a graph driver keep none, is
     * pushed with a new manifest, and its layers are compressed anew.
     *
     * <p>If the push fails, blobs may be left that no name refers to; each tag refers to what it did before, or to an
     * image that is whole.
     *
     * @param name such as {@code shop/web:1.2}, without the registry; {@code latest} if it has no tag
     * @throws IllegalArgumentException if it is not such a name, or if it has a digest
     */
    public RestoreTarget push(String name) {
        ImageName image = ImageName.parse(name);
        if (image.digest().isPresent()) {
            throw new IllegalArgumentException("'" + name + "' has a digest, and an image is pushed under a tag: the"
                    + " digest is that which it has");
        }
        return new RegistryPush(settings, new PushNames.One(image));
    }

    /**
     * Pushes all images of a snapshot, such as those of a Compose project or of a whole registry, each under the name
     * that it had, without the registry part. Otherwise as {@link #push(String)}. An image without a name is reported
     * and not pushed.
     */
    public RestoreTarget push() {
        return new RegistryPush(settings, new PushNames.Kept());
    }

    /**
     * A repository of this registry as the place of backups, beside the images: {@link RegistryStorage}.
     *
     * <pre>{@code
     * StorageTarget storage = Registry.at("registry.example:5000").storage("backups/shop");
     * Repository repo = Repository.at(storage).encryption(Encryption.none()).create();
     * }</pre>
     *
     * @param repository such as {@code backups/shop}; for nothing else
     * @throws IllegalArgumentException if a registry cannot have a repository of this name
     */
    public RegistryStorage storage(String repository) {
        if (!ImageName.isRepository(repository)) {
            throw new IllegalArgumentException("'" + repository + "' is not the name of a repository in a registry: it"
                    + " is like backups/shop, in lower case and without registry, tag and digest");
        }
        return new RegistryStorage(settings, repository);
    }

    @Override
    public String toString() {
        return "registry " + settings.address().name();
    }
}
