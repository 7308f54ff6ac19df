package dev.lifeboat.kubernetes.velero;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.layout.ObjectSpool;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.velero.VeleroLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** A backup of Velero as a source. */
final class VeleroImport implements SnapshotSource {
    /** What all objects of a backup may have; the largest clusters have some gigabytes in etcd. */
    private static final long MAX_BYTES = 16L << 30;

    private static final int MAX_PADDING = 1 << 20;

    private final Velero velero;
    private final String name;

    VeleroImport(Velero velero, String name) {
        this.velero = velero;
        this.name = name;
    }

    @Override
    public String name() {
        return "velero:" + name;
    }

    /** Velero backs secrets up, too. */
    @Override
    public boolean requiresEncryption() {
        return true;
    }

    @Override
    public void sendTo(EntrySink to) throws IOException {
        VeleroBackup backup = velero.describe(name);
        backup.checkReadable();
        FidelityRecorder sink = new FidelityRecorder(to);
        reportErrors(backup, sink);
        SortedMap<Claim, String> volumes = new TreeMap<>();
        int objects;
        try (ObjectSpool spool = new ObjectSpool()) {
            read(spool);
            claims(spool, volumes);
            spool.sendTo(sink);
            objects = spool.size();
        }
        sink.offerDocuments();
        volumesWithData(volumes);
        for (Map.Entry<Claim, String> volume : volumes.entrySet()) {
            sink.report(new Problem(volume.getKey().directory(), Problem.Kind.FAILED, volume.getValue()));
        }
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "application")
                .put("version", 1)
                .put("kind", "kubernetes")
                .put("velero", name)
                .put("namespaces", backup.namespaces())
                .put("objects", objects)
                .put("volumes", List.of()));
    }

    /** What Velero could not back up is not in its backup, though its list of resources may have it. */
    private void reportErrors(VeleroBackup backup, EntrySink sink) throws IOException {
        if (backup.phase().equals("Completed") && backup.errors() == 0) {
            return;
        }
        sink.report(new Problem(
                ClusterLayout.KUBERNETES,
                Problem.Kind.FAILED,
                "Velero completed this backup in phase " + backup.phase() + ", with " + backup.errors() + " errors"));
        Optional<JsonObject> results = part("-results.gz");
        if (results.isPresent()) {
            JsonObject errors = results.get().objectOrEmpty("errors");
            for (String scope : List.of("velero", "cluster")) {
                for (String error : errors.strings(scope)) {
                    sink.report(new Problem(ClusterLayout.KUBERNETES, Problem.Kind.FAILED, error));
                }
            }
            JsonObject namespaces = errors.objectOrEmpty("namespaces");
            for (String namespace : namespaces.members().keySet()) {
                for (String error : namespaces.strings(namespace)) {
                    sink.report(new Problem(
                            ClusterLayout.KUBERNETES, Problem.Kind.FAILED, "namespace " + namespace + ": " + error));
                }
            }
        }
    }

    /** Reads an object of the backup that holds JSON; empty if it is not there, or null. */
    private Optional<JsonObject> part(String suffix) throws IOException {
        ObjectKey key = VeleroLayout.part(name, suffix);
        try (InputStream in = new GZIPInputStream(velero.storage().open(key, ByteRange.all()))) {
            byte[] bytes = SnapshotDocuments.bytes(ClusterLayout.KUBERNETES, in);
            String text = new String(bytes, StandardCharsets.UTF_8).strip();
            if (text.equals("null")) {
                return Optional.empty();
            }
            // A list is read as the one member of an object.
            String whole = text.startsWith("[") ? "{\"items\":" + text + "}" : text;
            return Optional.of(JsonObject.parse(whole.getBytes(StandardCharsets.UTF_8), "'" + key + "'"));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (EOFException | ZipException | DamagedException e) {
            throw damaged(key, e);
        }
    }

    private static VeleroException damaged(ObjectKey key, IOException e) {
        return new VeleroException(VeleroException.Kind.DAMAGED, "'" + key + "' is damaged: " + e.getMessage(), e);
    }

    private void read(ObjectSpool spool) throws IOException {
        ObjectKey key = VeleroLayout.part(name, ".tar.gz");
        Map<String, ObjectName> uids = new HashMap<>();
        long bytes = 0;
        try (InputStream in = velero.storage().open(key, ByteRange.all());
                InputStream unzipped = new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16)) {
            TarReader tar = new TarReader(unzipped);
            for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
                Optional<ObjectName> object = next.get().toEntry().isFile()
                        ? VeleroLayout.object(next.get().path())
                        : Optional.empty();
                if (object.isPresent()) {
                    bytes += next.get().size();
                    if (bytes > MAX_BYTES) {
                        throw new DamagedException("it has more than " + MAX_BYTES + " bytes of objects");
                    }
                    add(
                            object.get(),
                            SnapshotDocuments.read(next.get().path(), next.get().content()),
                            uids,
                            spool);
                }
            }
            // The checksum comes after the tar, which is padded to a record.
            if (unzipped.readNBytes(MAX_PADDING).length == MAX_PADDING) {
                throw new DamagedException("something follows the tar");
            }
        } catch (FileNotFoundException e) {
            throw new VeleroException(
                    VeleroException.Kind.DAMAGED, "backup " + name + " of Velero lacks '" + key + "'", e);
        } catch (EOFException | ZipException | DamagedException | IllegalArgumentException e) {
            throw new VeleroException(VeleroException.Kind.DAMAGED, "'" + key + "' is damaged: " + e.getMessage(), e);
        }
    }

    /** The same object may be in two groups: that which replaced {@code extensions} is kept. */
    private static void add(ObjectName name, JsonObject json, Map<String, ObjectName> uids, ObjectSpool spool)
            throws IOException {
        KubernetesObject object = KubernetesObject.of(json);
        if (!object.name().equals(name.name()) || !object.namespace().equals(name.namespace())) {
            throw new DamagedException("it has another object at the place of " + name);
        }
        String uid = object.uid();
        @Nullable ObjectName other = uid.isEmpty() ? null : uids.get(uid);
        if (other != null && !other.equals(name)) {
            if (name.resource().endsWith(".extensions")) {
                return;
            }
            if (other.resource().endsWith(".extensions")) {
                spool.remove(other);
            }
        }
        if (!uid.isEmpty()) {
            uids.put(uid, name);
        }
        spool.add(name, json);
    }

    private static void claims(ObjectSpool spool, SortedMap<Claim, String> volumes) throws IOException {
        spool.visit((name, json) -> {
            if (name.resource().equals("persistentvolumeclaims")
                    && name.namespace().isPresent()) {
                volumes.put(
                        new Claim(name.namespace().get(), name.name()),
                        "the files of this claim are not in the backup of Velero");
            }
        });
    }

    /** Velero says of each volume where its files went. */
    private void volumesWithData(SortedMap<Claim, String> volumes) throws IOException {
        Optional<JsonObject> infos = part("-volumeinfo.json.gz");
        if (infos.isEmpty()) {
            return;
        }
        for (JsonObject info : infos.get().objects("items")) {
            Optional<String> namespace = info.optionalString("pvcNamespace");
            Optional<String> claim = info.optionalString("pvcName");
            if (namespace.isEmpty() || claim.isEmpty() || info.flag("skipped")) {
                continue;
            }
            String method = info.optionalString("backupMethod").orElse("a means of its own");
            volumes.put(
                    new Claim(namespace.get(), claim.get()),
                    "the files of this claim were saved by Velero through " + method
                            + ", which is not read: restore them by Velero");
        }
    }

    @Override
    public String toString() {
        return "backup " + name + " of " + velero;
    }
}
