package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static dev.lifeboat.kubernetes.ClusterFixture.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Plays the driver of a storage class and its snapshot controller, which the cluster of the tests does not have:
 * volumes are directories, and snapshots are copies of them. The policies are "Retain", so that what is not released
 * stays.
 */
final class SnapshotDouble {
    static final String STORAGE_CLASS = "double";
    private static final String DRIVER = "double.example.org";
    private static final String GROUP = "snapshot.storage.k8s.io";
    private static final List<String> KINDS =
            List.of("volumesnapshots", "volumesnapshotclasses", "volumesnapshotcontents");
    private static final String MARK = "snapshot-double";

    private final ClusterFixture cluster;
    private final String namespace;
    private final Path directory;
    private final Thread controller;
    private final Set<String> taken = ConcurrentHashMap.newKeySet();
    private final Set<String> provided = new HashSet<>();
    private volatile boolean ended;
    private volatile boolean ready = true;
    private volatile Optional<String> error = Optional.empty();
    private volatile Optional<Throwable> failure = Optional.empty();

    /**
     * Begins with the storage class and the API, without any class of snapshots.
     *
     * @param directory of the volumes
     */
    SnapshotDouble(ClusterFixture cluster, String namespace, Path directory) throws IOException {
        this.cluster = cluster;
        this.namespace = namespace;
        this.directory = directory;
        Files.createDirectories(directory);
        for (String kind : KINDS) {
            cluster.deleteLater("crd/" + kind + "." + GROUP);
        }
        cluster.deleteLater("storageclass/" + STORAGE_CLASS);
        ClusterFixture.apply(Shop.resource("snapshots.yaml"));
        ClusterFixture.apply("""
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: %s}
                provisioner: %s
                reclaimPolicy: Retain
                """.formatted(STORAGE_CLASS, DRIVER));
        for (String kind : KINDS) {
            kubectl("wait", "--for=condition=Established", "crd/" + kind + "." + GROUP);
        }
        this.controller = new Thread(this::run, MARK);
        controller.start();
    }

    /** Creates a class of snapshots. */
    SnapshotDouble withClass(String name) {
        ClusterFixture.apply("""
                apiVersion: snapshot.storage.k8s.io/v1
                kind: VolumeSnapshotClass
                metadata: {name: %s}
                driver: %s
                deletionPolicy: Retain
                """.formatted(name, DRIVER));
        return this;
    }

    /** Sets whether what is taken can be read already. */
    SnapshotDouble ready(boolean isReady) {
        ready = isReady;
        return this;
    }

    /** Takes no snapshot, but says why. */
    SnapshotDouble failing(String message) {
        error = Optional.of(message);
        return this;
    }

    /** Returns names of snapshots that were taken. */
    Set<String> taken() {
        return taken;
    }

    private void run() {
        try {
            while (!ended) {
                byte[] json = kubectl(
                                "-n",
                                namespace,
                                "get",
                                "volumesnapshots,persistentvolumeclaims,persistentvolumes,volumesnapshotcontents",
                                "-o",
                                "json")
                        .getBytes(StandardCharsets.UTF_8);
                List<KubernetesObject> all = JsonObject.parse(json, "kubectl").objects("items").stream()
                        .map(KubernetesObject::of)
                        .toList();
                for (KubernetesObject object : all) {
                    switch (object.kind()) {
                        case "VolumeSnapshot" -> serve(object);
                        case "PersistentVolumeClaim" -> provide(object);
                        case "PersistentVolume" -> release(object);
                        default -> releaseContent(object, all);
                    }
                }
                Thread.sleep(100);
            }
        } catch (Exception | AssertionError e) {
            failure = Optional.of(e);
        }
    }

    private void serve(KubernetesObject snapshot) throws IOException, InterruptedException {
        String name = snapshot.name();
        JsonObject status = snapshot.status();
        if (error.isPresent()) {
            if (!status.has("error")) {
                status("{\"readyToUse\":false,\"error\":{\"message\":\"" + error.get() + "\"}}", name);
            }
            return;
        }
        if (taken.add(name)) {
            String claim = snapshot.spec().object("source").string("persistentVolumeClaimName");
            copy(directory.resolve(claim), directory.resolve("snapshot-" + name));
            ClusterFixture.apply("""
                    apiVersion: snapshot.storage.k8s.io/v1
                    kind: VolumeSnapshotContent
                    metadata: {name: snapshot-%s}
                    spec: {deletionPolicy: Retain, driver: %s, volumeSnapshotRef: {name: %s, namespace: %s, uid: %s}}
                    """.formatted(name, DRIVER, name, namespace, snapshot.uid()));
            status(
                    "{\"boundVolumeSnapshotContentName\":\"snapshot-" + name
                            + "\",\"creationTime\":\"2026-01-01T00:00:00Z\",\"readyToUse\":false,\"restoreSize\":\"0\"}",
                    name);
        } else if (ready && status.has("creationTime") && !status.flag("readyToUse")) {
            status("{\"readyToUse\":true}", name);
        }
    }

    private static void copy(Path from, Path to) throws IOException, InterruptedException {
        assertThat(Shell.run("", List.of("cp", "-a", from.toString(), to.toString()))
                        .exitCode())
                .isZero();
    }

    private void status(String json, String name) {
        // Someone may have deleted it meanwhile.
        var unused = tryKubectl(
                "-n", namespace, "patch", "volumesnapshot", name, "--type=merge", "-p", "{\"status\":" + json + "}");
    }

    /** Makes a volume for a claim, once: empty, or of a snapshot. */
    private void provide(KubernetesObject claim) throws IOException, InterruptedException {
        boolean ours =
                claim.spec().optionalString("storageClassName").orElse("").equals(STORAGE_CLASS);
        boolean bound = claim.spec().has("volumeName");
        if (!ours || bound || claim.isTerminating() || !provided.add(claim.uid())) {
            return;
        }
        JsonObject source = claim.spec().objectOrEmpty("dataSource");
        String mark = "claim";
        if (source.has("name")) {
            assertThat(source.string("kind")).isEqualTo("VolumeSnapshot");
            copy(directory.resolve("snapshot-" + source.string("name")), directory.resolve(claim.name()));
            mark = MARK;
        } else {
            Files.createDirectory(directory.resolve(claim.name()));
            cluster.deleteLater("persistentvolume/" + namespace + "-" + claim.name());
        }
        ClusterFixture.apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata:
                  name: %s-%s
                  labels: {%s: "true"}
                  annotations: {pv.kubernetes.io/provisioned-by: %s}
                spec:
                  capacity: {storage: %s}
                  accessModes: [ReadWriteOnce]
                  persistentVolumeReclaimPolicy: Retain
                  storageClassName: %s
                  claimRef: {namespace: %s, name: %s, uid: %s}
                  hostPath: {path: "%s"}
                """.formatted(
                        namespace,
                        claim.name(),
                        mark,
                        DRIVER,
                        claim.spec().object("resources").object("requests").string("storage"),
                        STORAGE_CLASS,
                        namespace,
                        claim.name(),
                        claim.uid(),
                        directory.resolve(claim.name())));
    }

    /** Deletes a volume that was released and may be. */
    private static void release(KubernetesObject volume) throws IOException {
        // The controller of volumes fails to delete what it has not made.
        boolean released = Set.of("Released", "Failed")
                .contains(volume.status().optionalString("phase").orElse(""));
        if (released
                && volume.labels().containsKey(MARK)
                && volume.spec().string("persistentVolumeReclaimPolicy").equals("Delete")) {
            kubectl("delete", "--ignore-not-found", "persistentvolume", volume.name());
        }
    }

    private static void releaseContent(KubernetesObject content, List<KubernetesObject> all) throws IOException {
        String name = content.spec().object("volumeSnapshotRef").string("name");
        boolean gone = true;
        for (KubernetesObject object : all) {
            gone &= !object.kind().equals("VolumeSnapshot") || !object.name().equals(name);
        }
        if (gone && content.spec().string("deletionPolicy").equals("Delete")) {
            kubectl("delete", "--ignore-not-found", "volumesnapshotcontent", content.name());
        }
    }

    /** Waits until nothing is left of any snapshot. */
    void awaitNothingLeft() throws InterruptedException {
        for (int i = 0; ; i++) {
            String left = kubectl("-n", namespace, "get", "volumesnapshots", "-o", "name")
                    + kubectl("get", "volumesnapshotcontents", "-o", "name")
                    + kubectl("get", "persistentvolumes", "-l", MARK, "-o", "name")
                    + kubectl(
                            "-n",
                            namespace,
                            "get",
                            "persistentvolumeclaims",
                            "-l",
                            "dev.lifeboat/helper",
                            "-o",
                            "name");
            if (left.isEmpty()) {
                return;
            }
            assertThat(i).as("left: %s, failure: %s", left, failure).isLessThan(100);
            Thread.sleep(100);
        }
    }

    /** Ends, and checks that it has worked. */
    void end() throws InterruptedException {
        ended = true;
        controller.join();
        assertThat(failure).isEmpty();
    }
}
