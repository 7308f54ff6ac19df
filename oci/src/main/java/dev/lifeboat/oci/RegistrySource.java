package dev.lifeboat.oci;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.internal.transfer.RegistryCapture;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Images of a registry as a source. A snapshot stores them as an OCI image layout, with a document for each image. A
 * blob that the parent snapshot has is not pulled again, if the key of the repository can read.
 *
 * <p>Immutable; the options return copies. {@link #sendTo} throws {@link RegistryException} if the registry does not
 * give an image; then the backup fails, and no snapshot is made.
 */
public final class RegistrySource implements SnapshotSource {
    private final String name;
    private final RegistryClient.Settings settings;
    private final Names names;
    private final Options options;

    /** Finds out which images are captured. */
    private interface Names {
        void addTo(RegistryCapture capture, RegistryClient client, Options options) throws IOException;
    }

    private record Options(
            Set<String> platforms,
            boolean referrers,
            boolean localNames,
            Predicate<String> repositories,
            Predicate<String> tags) {}

    private RegistrySource(String name, RegistryClient.Settings settings, Names names, Options options) {
        this.name = name;
        this.settings = settings;
        this.names = names;
        this.options = options;
    }

    private static final Options ALL = new Options(Set.of(), true, false, repository -> true, tag -> true);

    static RegistrySource ofImages(String name, RegistryClient.Settings settings, List<ImageName> images) {
        return new RegistrySource(name, settings, new ListedImages(images), ALL);
    }

    static RegistrySource ofCatalog(RegistryClient.Settings settings) {
        return new RegistrySource("registry:" + settings.address().name(), settings, new Catalog(), ALL);
    }

    private record ListedImages(List<ImageName> images) implements Names {
        @Override
        public void addTo(RegistryCapture capture, RegistryClient client, Options options) throws IOException {
            for (ImageName image : images) {
                if (!capture.add(image)) {
                    throw new RegistryException(
                            RegistryException.Kind.NOT_FOUND,
                            "registry " + client.name() + " has no image " + image
                                    + ", or does not show it to these credentials");
                }
            }
        }
    }

    private record Catalog() implements Names {
        @Override
        public void addTo(RegistryCapture capture, RegistryClient client, Options options) throws IOException {
            for (String repository : client.repositories()) {
                if (!options.repositories().test(repository)) {
                    continue;
                }
                capture.addAll(repository, options.tags());
            }
        }
    }

    /**
     * Captures some platforms only, and what belongs to no platform. The index stays as it is. By default all are
     * captured.
     *
     * @param platforms such as {@code linux/amd64} or {@code linux/arm/v7}; an image that has none of them fails the
     *     backup
     * @throws IllegalArgumentException if one is not such a platform
     */
    public RegistrySource platforms(String... platforms) {
        for (String platform : platforms) {
            if (!platform.matches("[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?")) {
                throw new IllegalArgumentException(
                        "'" + platform + "' is not a platform: it is like linux/amd64 or linux/arm/v7");
            }
        }
        return with(new Options(
                new TreeSet<>(List.of(platforms)),
                options.referrers(),
                options.localNames(),
                options.repositories(),
                options.tags()));
    }

    /** Captures images without the signatures and other artifacts that refer to them. */
    public RegistrySource withoutReferrers() {
        return with(
                new Options(options.platforms(), false, options.localNames(), options.repositories(), options.tags()));
    }

    /**
     * Captures images under their names without the registry, such as {@code shop-web:latest}: on an engine they then
     * have the names that images have which are built there, and that a Compose file expects.
     */
    public RegistrySource withLocalNames() {
        return with(
                new Options(options.platforms(), options.referrers(), true, options.repositories(), options.tags()));
    }

    /** Of a whole registry, captures those repositories that a filter accepts, such as {@code shop/web}. */
    public RegistrySource repositories(Predicate<String> filter) {
        return with(
                new Options(options.platforms(), options.referrers(), options.localNames(), filter, options.tags()));
    }

    /** Of a whole registry, captures those tags that a filter accepts, such as {@code 1.2}. */
    public RegistrySource tags(Predicate<String> filter) {
        return with(new Options(
                options.platforms(), options.referrers(), options.localNames(), options.repositories(), filter));
    }

    private RegistrySource with(Options newOptions) {
        return new RegistrySource(name, settings, names, newOptions);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void sendTo(EntrySink target) throws IOException {
        Instant begun = Instant.now();
        RegistryClient client = RegistryClient.of(settings);
        FidelityRecorder sink = new FidelityRecorder(target);
        RegistryCapture capture = new RegistryCapture(
                client, options.platforms(), options.referrers(), options.localNames(), names instanceof Catalog);
        names.addTo(capture, client, options);
        capture.sendTo(
                sink,
                JsonObject.create()
                        .put("lifeboat", "app")
                        .put("version", 1)
                        .put("kind", "registry")
                        .put("name", client.name())
                        .put("begun", begun.toString()));
    }

    @Override
    public String toString() {
        return name;
    }
}
