package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Decides under which names the images of a snapshot are pushed. */
public sealed interface PushNames {
    /** Returns the names of an image; none if it is not pushed. */
    List<ImageName> of(ImageSpec image);

    /** Each image keeps its names, apart from the registry. */
    record Kept() implements PushNames {
        @Override
        public List<ImageName> of(ImageSpec image) {
            List<ImageName> names = names(image.tags());
            // Where it has no tag it keeps its place, and is found by its digest.
            for (ImageName digest : names(image.digests())) {
                boolean covered =
                        names.stream().anyMatch(tag -> tag.repository().equals(digest.repository()));
                boolean own = digest.digest().equals(Optional.of(image.id()));
                if (!covered && (own || image.tags().isEmpty())) {
                    names.add(digest);
                }
            }
            return List.copyOf(names);
        }

        private static List<ImageName> names(List<String> names) {
            List<ImageName> all = new ArrayList<>();
            // Engines list images without a name as <none>, which is not one.
            names.forEach(name -> ImageName.find(withoutRegistry(name)).ifPresent(all::add));
            return all;
        }
    }

    /**
     * One image gets one name; what refers to it, such as a signature, comes into the same repository.
     *
     * @param name the name
     */
    record One(ImageName name) implements PushNames {
        @Override
        public List<ImageName> of(ImageSpec image) {
            return List.of(name);
        }
    }

    /** Returns a name without the registry that it may begin with: distribution/reference, normalize.go. */
    static String withoutRegistry(String name) {
        return registryOf(name).map(host -> name.substring(host.length() + 1)).orElse(name);
    }

    /** Returns the registry that a name begins with; empty if it is that of Docker Hub, which is left out. */
    static Optional<String> registryOf(String name) {
        int slash = name.indexOf('/');
        String first = slash < 0 ? "" : name.substring(0, slash);
        boolean host = first.contains(".") || first.contains(":") || first.equals("localhost");
        return host ? Optional.of(first) : Optional.empty();
    }

    /** Returns the repositories of a registry that an image was in. */
    static List<String> repositoriesIn(String registry, ImageSpec image) {
        return Stream.concat(image.tags().stream(), image.digests().stream())
                .filter(name -> registryOf(name).filter(registry::equals).isPresent())
                .flatMap(name -> ImageName.find(withoutRegistry(name)).stream())
                .map(ImageName::repository)
                .distinct()
                .toList();
    }
}
