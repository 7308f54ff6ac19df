package dev.lifeboat.kubernetes.velero;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.tar.TarHeaders;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.layout.ObjectSpool;
import dev.lifeboat.kubernetes.internal.model.GoJson;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.velero.VeleroLayout;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Writes a snapshot of a cluster as a backup of Velero. */
final class VeleroExport implements RestoreTarget {
    private final StorageTarget storage;
    private final String name;
    private final Duration keepFor;

    VeleroExport(StorageTarget storage, String name, Duration keepFor) {
        this.storage = storage;
        this.name = name;
        this.keepFor = keepFor;
    }

    @Override
    public String location() {
        return "backup " + name + " of Velero in " + storage.location();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        if (storage.find(VeleroLayout.description(name)).isPresent()) {
            throw exists(null);
        }
        if (storage.find(RepositoryLayout.DESCRIPTOR).isPresent()) {
            throw new VeleroException(
                    VeleroException.Kind.WRONG_PLACE,
                    storage.location() + " is a Lifeboat repository. Velero declares a place unavailable that has other"
                            + " folders than its own; use another prefix");
        }
        return new Export(request);
    }

    private VeleroException exists(@Nullable IOException cause) {
        VeleroException exists = new VeleroException(
                VeleroException.Kind.EXISTS,
                "there is a backup " + name + " of Velero in " + storage.location()
                        + ", or one that is being written or was not completed; choose another name");
        if (cause != null) {
            exists.initCause(cause);
        }
        return exists;
    }

    @Override
    public String toString() {
        return location();
    }

    private final class Export implements Session {
        private final RestoreRequest request;
        private final ObjectSpool spool = new ObjectSpool();
        private final SortedSet<String> namespaces = new TreeSet<>();
        private final SortedMap<String, SortedSet<String>> resources = new TreeMap<>();
        private final SortedSet<Claim> volumes = new TreeSet<>();
        private final List<ObjectKey> put = new ArrayList<>();
        private final Instant begun = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        private boolean committed;

        Export(RestoreRequest request) throws IOException {
            this.request = request;
        }

        @Override
        public boolean offer(Entry entry) {
            if (entry.isFile() && ClusterLayout.object(entry.path()).isPresent()) {
                request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
                return true;
            }
            Optional<Claim> claim = ClusterLayout.volumeData(entry.path());
            if (claim.isPresent() && volumes.add(claim.get())) {
                report(new Problem(
                        claim.get().data(),
                        Problem.Kind.DEGRADED,
                        "files of volumes are not written to a backup of Velero: it restores the claim with an empty"
                                + " volume, or with the one that it had if that has reclaim policy Retain"));
            }
            return false;
        }

        @Override
        public synchronized void content(Entry entry, InputStream in) throws IOException {
            ObjectName object = ClusterLayout.object(entry.path()).orElseThrow();
            JsonObject json = SnapshotDocuments.read(entry.path(), in);
            spool.add(object, json);
            String full = object.namespace().map(ns -> ns + "/").orElse("") + object.name();
            KubernetesObject parsed = KubernetesObject.of(json);
            resources
                    .computeIfAbsent(parsed.apiVersion() + "/" + parsed.kind(), kind -> new TreeSet<>())
                    .add(full);
            object.namespace().ifPresent(namespaces::add);
            if (object.resource().equals("namespaces")) {
                namespaces.add(object.name());
            }
        }

        @Override
        public void report(Problem problem) {
            request.listener().problem(problem);
        }

        @Override
        public void commit() throws IOException {
            if (spool.size() == 0) {
                throw new VeleroException(
                        VeleroException.Kind.WRONG_PLACE,
                        "the snapshot has no objects of a cluster, so there is nothing for Velero to restore");
            }
            if (!request.dryRun()) {
                write();
            }
            committed = true;
        }

        private void write() throws IOException {
            try (UnnamedFile tar = UnnamedFile.create("lifeboat-velero")) {
                long length = writeTar(tar);
                put(".tar.gz", new FileContent(tar, length));
            }
            putJson("-resource-list.json.gz", GoJson.encode(lists()));
            putJson("-results.gz", "{\"errors\":{},\"warnings\":{}}\n".getBytes(StandardCharsets.US_ASCII));
            for (String empty : List.of("-itemoperations.json.gz", "-volumeinfo.json.gz")) {
                putJson(empty, "[]\n".getBytes(StandardCharsets.US_ASCII));
            }
            for (String none : List.of(
                    "-podvolumebackups.json.gz",
                    "-volumesnapshots.json.gz",
                    "-csi-volumesnapshots.json.gz",
                    "-csi-volumesnapshotcontents.json.gz",
                    "-csi-volumesnapshotclasses.json.gz")) {
                putJson(none, "null\n".getBytes(StandardCharsets.US_ASCII));
            }
            String log = "time=\"" + begun + "\" level=info msg=\"Exported by Lifeboat\" backup=velero/" + name + "\n";
            putJson("-logs.gz", log.getBytes(StandardCharsets.US_ASCII));
            // A backup is there once its description is.
            try {
                ObjectKey key = VeleroLayout.description(name);
                storage.put(key, Content.of(description().toPrettyBytes()), PutCondition.IF_ABSENT);
            } catch (PreconditionFailedException e) {
                throw exists(e);
            }
        }

        private Map<String, Object> lists() {
            Map<String, Object> lists = new TreeMap<>();
            resources.forEach((kind, names) -> lists.put(kind, List.copyOf(names)));
            return lists;
        }

        private JsonObject description() {
            Instant completed = Instant.now().truncatedTo(ChronoUnit.SECONDS);
            JsonObject progress =
                    JsonObject.create().put("totalItems", spool.size()).put("itemsBackedUp", spool.size());
            JsonObject status = JsonObject.create()
                    .put("version", 1)
                    .put("formatVersion", VeleroLayout.FORMAT)
                    .put(
                            "expiration",
                            begun.plus(keepFor).truncatedTo(ChronoUnit.SECONDS).toString())
                    .put("phase", "Completed")
                    .put("startTimestamp", begun.toString())
                    .put("completionTimestamp", completed.toString())
                    .put("progress", progress);
            JsonObject spec = JsonObject.create()
                    .put("metadata", Map.of())
                    .put("includedNamespaces", List.copyOf(namespaces))
                    .put("ttl", keepFor.toHours() + "h" + keepFor.toMinutesPart() + "m" + keepFor.toSecondsPart() + "s")
                    .put("hooks", Map.of())
                    .put("storageLocation", "default");
            JsonObject metadata = JsonObject.create()
                    .put("name", name)
                    .put("namespace", "velero")
                    .put("creationTimestamp", begun.toString())
                    .put("labels", Map.of("velero.io/storage-location", "default"));
            return JsonObject.create()
                    .put("kind", "Backup")
                    .put("apiVersion", "velero.io/v1")
                    .put("metadata", metadata)
                    .put("spec", spec)
                    .put("status", status);
        }

        /** First the version, then each object twice. */
        private long writeTar(UnnamedFile file) throws IOException {
            CountingOutput counted = new CountingOutput(file.output());
            try (OutputStream out = new BufferedOutputStream(new GZIPOutputStream(counted, 1 << 16), 1 << 16)) {
                member(
                        out,
                        EntryPath.of(VeleroLayout.VERSION),
                        (VeleroLayout.FORMAT + "\n").getBytes(StandardCharsets.US_ASCII));
                spool.visit((object, json) -> {
                    byte[] bytes = GoJson.encode(json.members());
                    member(out, VeleroLayout.member(object), bytes);
                    String version = KubernetesObject.of(json).version();
                    member(out, VeleroLayout.preferred(object, version), bytes);
                });
                out.write(TarHeaders.endOfArchive());
            }
            return counted.bytes;
        }

        /** Velero makes directories with the mode of the file. */
        private void member(OutputStream out, EntryPath path, byte[] content) throws IOException {
            Entry entry = Entry.file(path, content.length, Attributes.of(0755, 0, 0, begun));
            out.write(TarHeaders.of(entry, content.length));
            out.write(content);
            out.write(new byte[TarHeaders.padding(content.length)]);
        }

        private void putJson(String suffix, byte[] json) throws IOException {
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            try (OutputStream out = new GZIPOutputStream(zipped)) {
                out.write(json);
            }
            put(suffix, Content.of(zipped.toByteArray()));
        }

        private void put(String suffix, Content content) throws IOException {
            ObjectKey key = VeleroLayout.part(name, suffix);
            try {
                storage.put(key, content, PutCondition.IF_ABSENT);
                put.add(key);
            } catch (PreconditionFailedException e) {
                // Another export is writing it, or was killed: without a description it is no backup yet.
                throw exists(e);
            }
        }

        @Override
        public void close() throws IOException {
            spool.close();
            if (!committed && !put.isEmpty()) {
                committed = true;
                UninterruptibleCleanup.run(() -> storage.delete(put));
            }
        }
    }

    private static final class CountingOutput extends FilterOutputStream {
        private long bytes;

        CountingOutput(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            out.write(b, off, len);
            bytes += len;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            bytes++;
        }
    }

    /** The content of a temporary file. */
    private record FileContent(UnnamedFile file, long size) implements Content {
        @Override
        public OptionalLong length() {
            return OptionalLong.of(size);
        }

        @Override
        public InputStream open() {
            return file.input();
        }

        @Override
        public boolean repeatable() {
            return true;
        }
    }
}
