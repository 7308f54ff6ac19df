package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.Manifest.Descriptor;
import dev.lifeboat.oci.internal.image.ImageContent;
import dev.lifeboat.oci.internal.image.ImageDocument;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a tar of images has. Three forms are read: that of engines before 25, with {@code <id>/layer.tar}; that of
 * engines since then, an OCI image layout with a {@code manifest.json}; and an OCI image layout alone.
 */
final class SavedImageIndex implements ImageContent.Blobs {
    private static final long MAX_DOCUMENT_BYTES = 4 << 20;
    private static final long MAX_DOCUMENTS_BYTES = 64 << 20;
    private static final Pattern BLOB = Pattern.compile("blobs/sha256/([0-9a-f]{64})");
    private static final String MANIFEST_LIST = "manifest.json";
    private static final String INDEX = "index.json";
    /** How containerd and how others name an image in an index. */
    private static final List<String> NAMES = List.of("io.containerd.image.name", "org.opencontainers.image.ref.name");

    /** Digests of members, by their names. */
    private final Map<String, String> digests = new HashMap<>();

    private final Map<String, Long> sizes = new HashMap<>();
    /** What begins as gzip does: RFC 1952, section 2.3.1. */
    private final Set<String> compressed = new HashSet<>();
    /** Targets of links, by their names: engines store a layer once that several images have. */
    private final Map<String, String> links = new HashMap<>();
    /** Members that may be documents, by their names. */
    private final Map<String, byte[]> documents = new HashMap<>();

    private long documentBytes;

    void read(InputStream in) throws IOException {
        TarReader tar = TarReader.lenient(in);
        for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
            Io.checkInterrupt();
            TarMember member = next.get();
            String name = member.path().toString();
            if (member.type() == EntryType.FILE) {
                read(name, member);
            } else if (member.type() == EntryType.SYMLINK || member.type() == EntryType.HARD_LINK) {
                String target = member.link().map(ByteString::toString).orElse("");
                links.put(name, target.startsWith("../") ? target.substring(3) : target);
            }
        }
    }

    /** The digest is computed in any case: most names are none, and a wrong one is found here. */
    private void read(String name, TarMember member) throws IOException {
        MessageDigest sha256 = Digests.sha256();
        ByteArrayOutputStream document = new ByteArrayOutputStream();
        boolean small = member.size() <= MAX_DOCUMENT_BYTES;
        byte[] buffer = new byte[1 << 16];
        long size = 0;
        int first = -1;
        if (member.content() instanceof SparseInputStream) {
            throw new DamagedException("'" + name + "' has holes: it was not written by an engine");
        }
        for (int n; (n = member.content().read(buffer)) >= 0; size += n) {
            Io.checkInterrupt();
            first = size == 0 && n > 0 ? buffer[0] : first;
            sha256.update(buffer, 0, n);
            if (small) {
                document.write(buffer, 0, n);
            }
        }
        String digest = "sha256:" + Digests.hex(sha256.digest());
        Matcher named = BLOB.matcher(name);
        if (named.matches() && !digest.equals("sha256:" + named.group(1))) {
            throw new DamagedException("'" + name + "' has the digest " + digest);
        }
        digests.put(name, digest);
        sizes.put(digest, size);
        if (first == 0x1f) {
            compressed.add(digest);
        }
        byte[] content = document.toByteArray();
        boolean json = content.length > 0 && (content[0] == '{' || content[0] == '[');
        if (json) {
            documentBytes += content.length;
            if (documentBytes > MAX_DOCUMENTS_BYTES) {
                throw new IOException("the tar has documents of over " + MAX_DOCUMENTS_BYTES + " bytes; it was not"
                        + " written by an engine");
            }
            documents.put(name, content);
            documents.put(digest, content);
        }
    }

    /** The digest of a member. */
    Optional<String> digest(String name) {
        return Optional.ofNullable(digests.get(name));
    }

    long size(String digest) throws IOException {
        Long size = sizes.get(digest);
        if (size == null) {
            throw new DamagedException("the tar lacks blob " + digest);
        }
        return size;
    }

    @Override
    public boolean has(String digest) {
        return sizes.containsKey(digest);
    }

    @Override
    public JsonObject document(String digest) throws IOException {
        byte[] content = documents.get(digest);
        if (content == null) {
            throw new DamagedException("the tar lacks the document " + digest);
        }
        return JsonObject.parse(content, "blob " + digest);
    }

    /**
     * Returns the images. One may be there several times, under different names.
     *
     * @param partial receives what is listed, and of which the tar does not have all
     */
    List<ImageDocument> images(Consumer<String> partial) throws IOException {
        List<ImageDocument> images = new ArrayList<>();
        List<JsonObject> targets = new ArrayList<>(targets());
        Set<String> used = new HashSet<>();
        byte[] list = documents.get(MANIFEST_LIST);
        if (list != null) {
            String members = "{\"images\":" + new String(list, StandardCharsets.UTF_8) + "}";
            for (JsonObject item : JsonObject.parse(members.getBytes(StandardCharsets.UTF_8), MANIFEST_LIST)
                    .objects("images")) {
                images.add(listed(item, targets, used));
            }
        }
        for (JsonObject target : targets) {
            // Engines leave what is not of their platform out of the list.
            if (!used.contains(target.string("digest"))) {
                try {
                    images.add(inLayout(target));
                } catch (ImageContent.NotWholeException e) {
                    partial.accept(target.string("digest"));
                }
            }
        }
        return images;
    }

    /** Of several platforms, the one that this machine would use counts, or else the first that is there. */
    private ImageDocument inLayout(JsonObject target) throws IOException {
        ImageContent.NotWholeException failure;
        try {
            return of(target, Optional.empty(), names(target));
        } catch (ImageContent.NotWholeException e) {
            failure = e;
        }
        for (Descriptor child : manifestsOf(target)) {
            Io.checkInterrupt();
            boolean image =
                    child.platform().filter(p -> !p.startsWith("unknown/")).isPresent();
            if (image && has(child.digest())) {
                try {
                    return of(target, Optional.of(child.digest()), names(target));
                } catch (ImageContent.NotWholeException e) {
                    failure.addSuppressed(e);
                }
            }
        }
        throw failure;
    }

    private List<JsonObject> targets() throws IOException {
        byte[] index = documents.get(INDEX);
        return index == null ? List.of() : JsonObject.parse(index, INDEX).objects("manifests");
    }

    private static List<String> names(JsonObject target) throws IOException {
        JsonObject annotations = target.objectOrEmpty("annotations");
        for (String key : NAMES) {
            Optional<String> name = annotations.optionalString(key).filter(text -> text.contains(":"));
            if (name.isPresent()) {
                return List.of(name.get().replaceFirst("^docker\\.io/(library/)?", ""));
            }
        }
        return List.of();
    }

    private ImageDocument listed(JsonObject item, List<JsonObject> targets, Set<String> used) throws IOException {
        String config = digest(item.string("Config"))
                .orElseThrow(() -> new DamagedException("the tar lacks the configuration of an image"));
        List<String> tags = item.has("RepoTags") ? item.strings("RepoTags") : List.of();
        for (JsonObject target : targets) {
            Optional<String> manifest = manifestOf(target, config);
            if (manifest.isPresent()) {
                used.add(target.string("digest"));
                try {
                    return of(target, manifest, tags);
                } catch (ImageContent.NotWholeException e) {
                    // Engines list manifests whose compressed layers they do not have. The plain ones are there.
                    continue;
                }
            }
        }
        List<String> layers = new ArrayList<>();
        for (String layer : item.strings("Layers")) {
            layers.add(layer(layer));
        }
        ImageSpec spec = ImageSpec.ofConfig(document(config), config, config, tags, List.of());
        if (layers.stream().anyMatch(compressed::contains)) {
            throw new UnsupportedVersionException("image " + config + " has compressed layers and no OCI manifest, as"
                    + " kaniko and crane write it; load it into an engine, and save it from there");
        }
        if (!spec.layers().equals(layers)) {
            throw new DamagedException("image " + config + " has other layers than its configuration says");
        }
        Set<String> blobs = new TreeSet<>(layers);
        blobs.add(config);
        return new ImageDocument(spec, new ImageContent(config, layers, Optional.empty(), blobs), false);
    }

    private String layer(String name) throws IOException {
        Set<String> seen = new HashSet<>();
        String at = name;
        while (links.containsKey(at) && seen.add(at)) {
            at = links.getOrDefault(at, at);
        }
        String found = at;
        return digest(found).orElseThrow(() -> new DamagedException("the tar lacks layer '" + found + "'"));
    }

    /** The manifest that refers to a configuration: a manifest itself, or one of an index. */
    private Optional<String> manifestOf(JsonObject target, String config) throws IOException {
        for (Descriptor descriptor : manifestsOf(target)) {
            byte[] content = documents.get(descriptor.digest());
            if (content == null) {
                continue;
            }
            Manifest manifest = new Manifest(descriptor.mediaType(), descriptor.digest(), content);
            if (manifest.config().filter(c -> c.digest().equals(config)).isPresent()) {
                return Optional.of(descriptor.digest());
            }
        }
        return Optional.empty();
    }

    /** The manifest, or those of an index, each once. */
    private List<Descriptor> manifestsOf(JsonObject target) throws IOException {
        Descriptor top = Descriptor.of(target);
        Map<String, Descriptor> all = new LinkedHashMap<>(Map.of(top.digest(), top));
        byte[] content = documents.get(top.digest());
        if (content != null) {
            for (Descriptor child : new Manifest(top.mediaType(), top.digest(), content).children()) {
                all.putIfAbsent(child.digest(), child);
            }
        }
        return List.copyOf(all.values());
    }

    private ImageDocument of(JsonObject target, Optional<String> manifest, List<String> tags) throws IOException {
        ImageContent content = ImageContent.follow(target, this, manifest, ImageResolver.ownPlatform());
        String id = content.targetDigest().orElseThrow();
        return new ImageDocument(
                ImageSpec.ofConfig(document(content.config()), id, content.config(), tags, List.of()), content, false);
    }

    /** One image under the names of two entries. */
    static ImageDocument withNamesOfBoth(ImageDocument a, ImageDocument b) {
        Set<String> tags = new TreeSet<>(a.image().tags());
        tags.addAll(b.image().tags());
        ImageSpec image = a.image();
        return new ImageDocument(
                new ImageSpec(
                        image.id(),
                        image.configDigest(),
                        image.layers(),
                        List.copyOf(tags),
                        image.digests(),
                        image.platform(),
                        image.created(),
                        image.config()),
                a.content(),
                a.artifact());
    }
}
