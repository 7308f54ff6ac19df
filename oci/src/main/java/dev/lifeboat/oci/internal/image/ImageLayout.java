package dev.lifeboat.oci.internal.image;

import dev.lifeboat.entry.EntryPath;
import java.util.List;
import java.util.Optional;

/** Where the parts of an image lie in a snapshot: docs/FORMAT.md, section 7. */
public final class ImageLayout {
    public static final EntryPath IMAGES = EntryPath.of("images");
    /** The blobs of all images, of a capture that shares them. */
    public static final EntryPath SHARED = IMAGES.resolve("layout");

    /** The last entry of a layout. */
    private static final String MARKER = "oci-layout";

    private static final String DOCUMENT = "image.json";

    private ImageLayout() {}

    /** Returns the directory of an image, by the digest that it is stored under. */
    public static EntryPath image(String digest) {
        return IMAGES.resolve(hex(digest));
    }

    /** Returns the document of an image, in the directory of the image. */
    public static EntryPath document(EntryPath image) {
        return image.resolve(DOCUMENT);
    }

    /** Returns the directory of the blobs in a layout. */
    public static EntryPath blobs(EntryPath layout) {
        return layout.resolve("blobs").resolve("sha256");
    }

    /** Returns the place of a blob in a layout. */
    public static EntryPath blob(EntryPath layout, String digest) {
        return blobs(layout).resolve(hex(digest));
    }

    /** Returns the marker that ends a layout. */
    public static EntryPath marker(EntryPath layout) {
        return layout.resolve(MARKER);
    }

    /** Returns a digest without the name of its algorithm. */
    public static String hex(String digest) {
        return digest.substring(digest.indexOf(':') + 1);
    }

    /** Whether a path is that of the document of an image. */
    public static boolean isDocument(EntryPath path) {
        List<String> names = names(path);
        return names.size() == 3
                && names.get(0).equals("images")
                && names.get(2).equals(DOCUMENT);
    }

    /** Whether a path is that of the marker of a layout, of one image or of all. */
    public static boolean isMarker(EntryPath path) {
        List<String> below = belowLayout(path);
        return below.equals(List.of(MARKER));
    }

    /** Returns the digest of the blob at a path; empty if no blob is there. */
    public static Optional<String> blobAt(EntryPath path) {
        List<String> below = belowLayout(path);
        boolean blob = below.size() == 3 && below.subList(0, 2).equals(List.of("blobs", "sha256"));
        return blob ? Optional.of("sha256:" + below.get(2)) : Optional.empty();
    }

    private static List<String> belowLayout(EntryPath path) {
        List<String> names = names(path);
        if (names.size() > 2 && names.subList(0, 2).equals(List.of("images", "layout"))) {
            return names.subList(2, names.size());
        }
        if (names.size() > 3 && names.get(0).equals("images") && names.get(2).equals("layout")) {
            return names.subList(3, names.size());
        }
        return List.of();
    }

    private static List<String> names(EntryPath path) {
        return path.segments().stream().map(Object::toString).toList();
    }
}
