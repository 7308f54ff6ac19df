package dev.lifeboat.kubernetes;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.velero.VeleroRun;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.GZIPInputStream;

/**
 * A Velero server in a cluster, which makes backups and restores of its own: what {@code velero backup create --wait}
 * and {@code velero restore create --wait} do. Its backups are read by {@link dev.lifeboat.kubernetes.velero.Velero}.
 *
 * <p>Thread-safe.
 */
public final class VeleroServer {
    private static final Set<String> ENDED = Set.of("Completed", "PartiallyFailed", "Failed", "FailedValidation");

    /** How long a server may take to notice a request. */
    private static final Duration NOTICE = Duration.ofMinutes(2);

    private final ApiClient client;
    private final String path;

    VeleroServer(ApiClient client, String namespace) {
        this.client = client;
        this.path = "/apis/velero.io/v1/namespaces/" + namespace + "/";
    }

    /**
     * Has namespaces backed up, and waits for the end.
     *
     * @param name of the backup
     * @param keepFor after that, the server deletes it
     * @param namespaces none for all
     * @return its result, in whatever phase it ended
     * @throws KubernetesException if Velero is not installed, there is such a backup, or no server takes it up
     * @throws IOException if the cluster does not answer, or this thread is interrupted; the backup goes on
     */
    public VeleroRun backup(String name, Duration keepFor, String... namespaces) throws IOException {
        JsonObject spec = JsonObject.create()
                .put("includedNamespaces", namespaces.length == 0 ? List.of("*") : List.of(namespaces))
                .put("ttl", keepFor.toSeconds() + "s");
        return run("Backup", "backups", name, spec);
    }

    /**
     * Has a backup of Velero restored, and waits for the end.
     *
     * @param name of the restore
     * @param backup name of the backup
     * @param namespaces new names of namespaces, by the name in the backup; others keep theirs
     * @return its result, in whatever phase it ended
     * @throws KubernetesException if Velero is not installed, there is such a restore, or no server takes it up
     * @throws IOException if the cluster does not answer, or this thread is interrupted; the restore goes on
     */
    public VeleroRun restore(String name, String backup, Map<String, String> namespaces) throws IOException {
        JsonObject spec = JsonObject.create().put("backupName", backup);
        if (!namespaces.isEmpty()) {
            spec.put("namespaceMapping", Map.copyOf(namespaces));
        }
        return run("Restore", "restores", name, spec);
    }

    private VeleroRun run(String kind, String plural, String name, JsonObject spec) throws IOException {
        JsonObject object = JsonObject.create()
                .put("apiVersion", "velero.io/v1")
                .put("kind", kind)
                .put("metadata", Map.of("name", name))
                .put("spec", spec);
        try {
            var unused = client.post(path + plural, object, "create " + kind + " " + name + " of Velero");
        } catch (KubernetesException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                throw new KubernetesException(
                        Kind.NOT_FOUND, "Velero is not installed in this cluster, or not in this namespace", e);
            }
            throw e;
        }
        long noticed = System.nanoTime() + NOTICE.toNanos();
        while (true) {
            JsonObject status = client.get(path + plural + "/" + ApiClient.encode(name), "look at " + kind + " " + name)
                    .objectOrEmpty("status");
            String phase = status.optionalString("phase").orElse("");
            if (ENDED.contains(phase)) {
                return new VeleroRun(
                        name,
                        phase,
                        status.has("errors") ? status.size("errors") : 0,
                        status.has("warnings") ? status.size("warnings") : 0,
                        status.strings("validationErrors"));
            }
            if ((phase.isEmpty() || phase.equals("New")) && System.nanoTime() > noticed) {
                throw new KubernetesException(
                        Kind.NOT_READY,
                        "no Velero server has taken " + kind + " " + name + " up in " + NOTICE.toSeconds()
                                + " s: does it run?");
            }
            Io.sleep(500);
        }
    }

    /**
     * Opens the log of a backup. The caller closes it.
     *
     * @throws IOException if the server does not give it, or the store does not answer
     */
    public InputStream backupLog(String name) throws IOException {
        return download("BackupLog", name);
    }

    /**
     * Opens the log of a restore. The caller closes it.
     *
     * @throws IOException if the server does not give it, or the store does not answer
     */
    public InputStream restoreLog(String name) throws IOException {
        return download("RestoreLog", name);
    }

    /** The server signs an address in its store, from which anyone may read for some minutes. */
    private InputStream download(String kind, String name) throws IOException {
        String request = name + "-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        JsonObject object = JsonObject.create()
                .put("apiVersion", "velero.io/v1")
                .put("kind", "DownloadRequest")
                .put("metadata", Map.of("name", request))
                .put("spec", Map.of("target", Map.of("kind", kind, "name", name)));
        String own = path + "downloadrequests";
        var unused = client.post(own, object, "ask Velero for its log of " + name);
        try {
            long deadline = System.nanoTime() + NOTICE.toNanos();
            while (true) {
                JsonObject status = client.get(own + "/" + request, "look at the request for a log")
                        .objectOrEmpty("status");
                String url = status.optionalString("downloadURL").orElse("");
                if (!url.isEmpty()) {
                    return open(url);
                }
                if (System.nanoTime() > deadline) {
                    throw new KubernetesException(Kind.NOT_READY, "Velero has given no address for its log of " + name);
                }
                Io.sleep(200);
            }
        } finally {
            client.delete(own + "/" + request, JsonObject.create(), "delete the request for a log");
        }
    }

    /** Not by the client of the cluster: its credentials are not for the store. */
    private static InputStream open(String url) throws IOException {
        HttpClient http = HttpClient.newBuilder()
                .connectTimeout(Duration.ofSeconds(30))
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofMinutes(1))
                .build();
        HttpResponse<InputStream> response;
        try {
            response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        if (response.statusCode() != 200) {
            response.body().close();
            throw new IOException("the store of Velero answers " + response.statusCode() + " for a log");
        }
        return new GZIPInputStream(response.body());
    }
}
