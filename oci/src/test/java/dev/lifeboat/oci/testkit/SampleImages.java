package dev.lifeboat.oci.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Images of the tests, pushed to a registry without authentication by requests of their own. */
public final class SampleImages {
    /** Media types. */
    public static final String INDEX = "application/vnd.oci.image.index.v1+json";

    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

    private final String url;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /**
     * Creates one.
     *
     * @param url such as {@code http://127.0.0.1:5000}
     */
    public SampleImages(String url) {
        this.url = url;
    }

    /**
     * Something in a registry.
     *
     * @param mediaType of it
     * @param digest of it
     * @param size in bytes
     */
    public record Pushed(String mediaType, String digest, long size) {
        /** As an index or a manifest refers to it, with more members. */
        public String descriptor(String more) {
            return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"" + digest + "\",\"size\":" + size + more + "}";
        }
    }

    /** Pushes a blob. */
    public Pushed blob(String repository, String mediaType, byte[] content) throws IOException, InterruptedException {
        String digest = digest(content);
        HttpResponse<String> started = send("POST", url + "/v2/" + repository + "/blobs/uploads/", "", new byte[0]);
        String location = started.headers().firstValue("Location").orElseThrow();
        String target = (location.startsWith("http") ? location : url + location) + (location.contains("?") ? "&" : "?")
                + "digest=" + digest;
        expect(201, send("PUT", target, "application/octet-stream", content));
        return new Pushed(mediaType, digest, content.length);
    }

    /** Pushes a manifest under a tag, or by its digest if the tag is empty. */
    public Pushed manifest(String repository, String tag, String mediaType, String json)
            throws IOException, InterruptedException {
        byte[] content = json.getBytes(StandardCharsets.UTF_8);
        String digest = digest(content);
        String reference = tag.isEmpty() ? digest : tag;
        expect(201, send("PUT", url + "/v2/" + repository + "/manifests/" + reference, mediaType, content));
        return new Pushed(mediaType, digest, content.length);
    }

    /** Pushes an image of one platform, with layers of random bytes in the size given. */
    public Pushed image(String repository, String tag, String architecture, long seed, int... layerBytes)
            throws IOException, InterruptedException {
        return image(repository, tag, architecture, seed, MANIFEST, "application/vnd.oci.image.", layerBytes);
    }

    /** Pushes an image with one layer of random bytes, which is written to a file on its way. */
    public void bigImage(String repository, String tag, Path file, long bytes)
            throws IOException, InterruptedException {
        MessageDigest sha256 = sha256();
        Random random = new Random(1);
        byte[] buffer = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= buffer.length) {
                random.nextBytes(buffer);
                sha256.update(buffer);
                out.write(buffer);
            }
        }
        String digest = "sha256:" + HexFormat.of().formatHex(sha256.digest());
        String location = send("POST", url + "/v2/" + repository + "/blobs/uploads/", "", new byte[0])
                .headers()
                .firstValue("Location")
                .orElseThrow();
        HttpResponse<String> sent = client.send(
                HttpRequest.newBuilder(URI.create((location.startsWith("http") ? location : url + location)
                                + (location.contains("?") ? "&" : "?") + "digest=" + digest))
                        .PUT(HttpRequest.BodyPublishers.ofFile(file))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        expect(201, sent);
        Pushed layer = new Pushed("application/vnd.oci.image.layer.v1.tar", digest, Files.size(file));
        Pushed config = blob(
                repository,
                "application/vnd.oci.image.config.v1+json",
                ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                                + digest + "\"]}}")
                        .getBytes(StandardCharsets.UTF_8));
        manifest(
                repository,
                tag,
                MANIFEST,
                "{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST + "\",\"config\":" + config.descriptor("")
                        + ",\"layers\":[" + layer.descriptor("") + "]}");
    }

    /** Pushes one in the form that Docker had before OCI. */
    public Pushed dockerImage(String repository, String tag, long seed, int... layerBytes)
            throws IOException, InterruptedException {
        return image(repository, tag, "amd64", seed, DOCKER_MANIFEST, "application/vnd.docker.", layerBytes);
    }

    private Pushed image(
            String repository, String tag, String architecture, long seed, String manifest, String types, int... bytes)
            throws IOException, InterruptedException {
        boolean docker = manifest.equals(DOCKER_MANIFEST);
        List<String> layers = new ArrayList<>();
        List<String> diffIds = new ArrayList<>();
        Random random = new Random(seed);
        for (int size : bytes) {
            byte[] plain = new byte[size];
            random.nextBytes(plain);
            diffIds.add("\"" + digest(plain) + "\"");
            layers.add(
                    blob(repository, types + (docker ? "image.rootfs.diff.tar.gzip" : "layer.v1.tar+gzip"), gzip(plain))
                            .descriptor(""));
        }
        String config = "{\"created\":\"2026-11-28T00:00:00Z\",\"architecture\":\"" + architecture
                + "\",\"os\":\"linux\",\"config\":{\"Env\":[\"SEED=" + seed
                + "\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" + String.join(",", diffIds) + "]}}";
        Pushed pushed = blob(
                repository,
                types + (docker ? "container.image.v1+json" : "config.v1+json"),
                config.getBytes(StandardCharsets.UTF_8));
        // White space and unknown members, which have to come back as they are.
        return manifest(
                repository,
                tag,
                manifest,
                "{ \"schemaVersion\": 2,\n \"mediaType\": \"" + manifest + "\", \"unknown\": [1, {\"a\": \"ü\"}],\n"
                        + " \"config\": " + pushed.descriptor("") + ",\n  \"layers\": [" + String.join(", ", layers)
                        + "] }\n");
    }

    /** Pushes an index of two platforms with an attestation. */
    public Pushed index(String repository, String tag, long seed) throws IOException, InterruptedException {
        Pushed amd = image(repository, "", "amd64", seed, 300_000, 50_000);
        Pushed arm = image(repository, "", "arm64", seed + 1, 200_000);
        Pushed attestation = artifact(repository, "", "application/vnd.in-toto+json", "", seed + 2);
        return manifest(
                repository,
                tag,
                INDEX,
                "{\"schemaVersion\":2,\"mediaType\":\"" + INDEX + "\",\"manifests\":["
                        + amd.descriptor(",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}") + ",\n"
                        + arm.descriptor(
                                ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}")
                        + ",\n"
                        + attestation.descriptor(
                                ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"},"
                                        + "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}")
                        + "]}");
    }

    /** Pushes something that is no image; with a subject it refers to that one. */
    public Pushed artifact(String repository, String tag, String type, String subject, long seed)
            throws IOException, InterruptedException {
        Pushed config = blob(repository, "application/vnd.oci.empty.v1+json", "{}".getBytes(StandardCharsets.UTF_8));
        Pushed layer = blob(repository, type, ("signature " + seed).getBytes(StandardCharsets.UTF_8));
        return manifest(
                repository,
                tag,
                MANIFEST,
                "{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST + "\",\"artifactType\":\"" + type + "\",\"config\":"
                        + config.descriptor("") + ",\"layers\":[" + layer.descriptor("") + "]"
                        + (subject.isEmpty() ? "" : ",\"subject\":" + subject) + "}");
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    /** The digest of content. */
    public static String digest(byte[] content) {
        return "sha256:" + HexFormat.of().formatHex(sha256().digest(content));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads a manifest or blob; empty if there is none. */
    public byte[] get(String path) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = client.send(
                HttpRequest.newBuilder(URI.create(url + "/v2/" + path))
                        .header("Accept", INDEX + ", " + MANIFEST + ", " + DOCKER_MANIFEST)
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        return response.statusCode() == 200 ? response.body() : new byte[0];
    }

    /** Deletes a manifest by its digest. */
    public void delete(String path) throws IOException, InterruptedException {
        expect(202, send("DELETE", url + "/v2/" + path, "", new byte[0]));
    }

    private HttpResponse<String> send(String method, String target, String type, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(target));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        return client.send(
                request.method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static void expect(int status, HttpResponse<String> response) {
        if (response.statusCode() != status) {
            throw new AssertionError(response + ": " + response.body());
        }
    }
}
