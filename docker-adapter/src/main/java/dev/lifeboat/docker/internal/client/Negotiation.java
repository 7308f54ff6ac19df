package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.engine.ApiVersion;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides from an engine's {@code GET /version} whether and in which version of the API this library talks to it, and
 * from its {@code GET /info} what it can do.
 */
final class Negotiation {
    /** That of Docker 20.10. */
    private static final ApiVersion MIN = new ApiVersion(1, 41);
    /** The highest that the tests run with, that of Docker 28.5. Later engines accept it, too. */
    private static final ApiVersion MAX = new ApiVersion(1, 51);

    private final JsonObject version;
    private final Product product;
    private final ApiVersion apiVersion;
    private final List<String> warnings = new ArrayList<>();

    /**
     * Negotiates.
     *
     * @param version answer of {@code GET /version}
     * @throws DockerException if the engine is too old or too new
     */
    Negotiation(JsonObject version) throws DamagedException, DockerException {
        this.version = version;
        this.product = product(version);
        ApiVersion max = parse(version.string("ApiVersion"));
        Optional<ApiVersion> min = version.optionalString("MinAPIVersion")
                .filter(v -> product != Product.PODMAN)
                .map(Negotiation::parseOrMin);
        String engine = product + " " + versionName();
        if (!max.isAtLeast(MIN)) {
            throw new DockerException(
                    DockerException.Kind.UNSUPPORTED,
                    engine + " speaks API " + max + " at most, and Lifeboat needs " + MIN
                            + "; upgrade the engine to Docker 20.10 or Podman 4.3, or later");
        }
        if (min.isPresent() && !MAX.isAtLeast(min.get())) {
            throw new DockerException(
                    DockerException.Kind.UNSUPPORTED,
                    engine + " speaks API " + min.get() + " at least, and this release of Lifeboat is tested up to "
                            + MAX + "; upgrade Lifeboat");
        }
        apiVersion = max.isAtLeast(MAX) ? MAX : max;
        if (product == Product.OTHER) {
            warnings.add(engine + " is neither Docker nor Podman; Lifeboat is not tested with it");
        }
    }

    private static Product product(JsonObject version) throws DamagedException {
        // Docker since 18.06 and Podman list themselves first among their components.
        for (JsonObject component : version.objects("Components")) {
            String name = component.optionalString("Name").orElse("");
            if (name.equals("Engine")) {
                return Product.DOCKER;
            }
            if (name.equals("Podman Engine")) {
                return Product.PODMAN;
            }
        }
        return Product.OTHER;
    }

    private static ApiVersion parse(String text) throws DamagedException {
        try {
            return ApiVersion.parse(text);
        } catch (IllegalArgumentException e) {
            throw new DamagedException("the engine answered with " + e.getMessage(), e);
        }
    }

    private static ApiVersion parseOrMin(String text) {
        try {
            return ApiVersion.parse(text);
        } catch (IllegalArgumentException e) {
            return MIN;
        }
    }

    private String versionName() throws DamagedException {
        return version.optionalString("Version").orElse("of an unknown version");
    }

    /** The version of the API to use. */
    ApiVersion apiVersion() {
        return apiVersion;
    }

    /** What the engine is, by its answer to {@code GET /info}. */
    EngineInfo info(JsonObject info) throws DamagedException {
        List<String> security = info.strings("SecurityOptions");
        return new EngineInfo(
                product,
                versionName(),
                apiVersion,
                store(info),
                security.stream().anyMatch(option -> option.startsWith("name=rootless")),
                security.stream().anyMatch(option -> option.startsWith("name=userns")),
                version.optionalString("Os").orElse("linux"),
                version.optionalString("Arch").orElse(""),
                info.optionalString("Name").orElse(""),
                Path.of(info.optionalString("DockerRootDir").orElse("/nowhere")),
                warnings);
    }

    private static Store store(JsonObject info) throws DamagedException {
        for (Object status : info.list("DriverStatus")) {
            if (status instanceof List<?> pair && pair.contains("io.containerd.snapshotter.v1")) {
                return Store.CONTAINERD;
            }
        }
        return Store.GRAPH;
    }
}
