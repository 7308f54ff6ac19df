package dev.lifeboat.format.tar;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.frame.FrameCache;
import dev.lifeboat.internal.io.DamageWatch;
import dev.lifeboat.internal.tar.SparseMapParser;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Reads one snapshot, whose content may be spread over any number of tars. */
final class TarArchiveReader implements ArchiveReader {
    private final FormatContext context;
    private final TarManifest manifest;
    private final FrameCache cache;
    private final Map<String, TarManifest> manifests = new ConcurrentHashMap<>();

    TarArchiveReader(FormatContext context, TarManifest manifest) {
        this.context = context;
        this.manifest = manifest;
        this.cache = new FrameCache(context.executor());
        manifests.put(manifest.name(), manifest);
    }

    @Override
    public EntryListReader entries() throws IOException {
        return new EntryListReader(manifest, context.storage(), cache);
    }

    @Override
    public void sendTo(EntrySink sink, Predicate<? super Entry> chosen) throws IOException {
        Set<EntryPath> lost = lostTargets(chosen);
        Map<EntryPath, StoredEntry> targets = new HashMap<>();
        Map<EntryPath, EntryPath> promoted = new HashMap<>();
        try (EntryListReader entries = entries()) {
            for (Optional<StoredEntry> next; (next = entries.nextStored()).isPresent(); ) {
                StoredEntry stored = next.get();
                Entry entry = stored.entry();
                if (lost.contains(entry.path())) {
                    targets.put(entry.path(), stored);
                }
                if (!chosen.test(entry)) {
                    continue;
                }
                StoredEntry target = entry.type() == EntryType.HARD_LINK ? targets.get(entry.hardLinkTarget()) : null;
                if (target == null) {
                    send(stored, sink);
                } else {
                    sendLink(entry, target, promoted, sink);
                }
            }
        }
    }

    /**
     * Sends a selected link to a file that is not selected. The first such link becomes the file; the next ones become
     * links to it.
     */
    private void sendLink(Entry link, StoredEntry target, Map<EntryPath, EntryPath> promoted, EntrySink sink)
            throws IOException {
        EntryPath first = promoted.putIfAbsent(link.hardLinkTarget(), link.path());
        if (first == null) {
            send(new StoredEntry(target.entry().withPath(link.path()), target.location()), sink);
        } else {
            sink.offer(Entry.hardLink(link.path(), first, link.attributes()));
        }
    }

    /** Returns files that are not selected but have selected links. */
    private Set<EntryPath> lostTargets(Predicate<? super Entry> chosen) throws IOException {
        Set<EntryPath> lost = new HashSet<>();
        try (EntryListReader entries = entries()) {
            Set<EntryPath> linked = new HashSet<>();
            for (Optional<StoredEntry> next; (next = entries.nextStored()).isPresent(); ) {
                Entry entry = next.get().entry();
                if (entry.type() == EntryType.HARD_LINK && chosen.test(entry)) {
                    linked.add(entry.hardLinkTarget());
                }
            }
            if (linked.isEmpty()) {
                return lost;
            }
            try (EntryListReader again = entries()) {
                for (Optional<StoredEntry> next; (next = again.nextStored()).isPresent(); ) {
                    Entry entry = next.get().entry();
                    if (linked.contains(entry.path()) && !chosen.test(entry)) {
                        lost.add(entry.path());
                    }
                }
            }
        }
        return lost;
    }

    private void send(StoredEntry stored, EntrySink sink) throws IOException {
        if (!sink.offer(stored.entry())) {
            return;
        }
        DamageWatch content = new DamageWatch(() -> open(stored));
        try (InputStream in = content.open()) {
            sink.content(stored.entry(), in);
        } catch (DamagedException e) {
            if (content.damage() != e) {
                throw e;
            }
            sink.report(new Problem(stored.entry().path(), Problem.Kind.FAILED, e.getMessage()));
        }
    }

    @Override
    public InputStream open(EntryPath path) throws IOException {
        EntryPath wanted = path;
        try (EntryListReader entries = entries()) {
            for (Optional<StoredEntry> next; (next = entries.nextStored()).isPresent(); ) {
                Entry entry = next.get().entry();
                if (entry.path().equals(wanted)) {
                    if (entry.isFile()) {
                        return open(next.get());
                    }
                    if (entry.type() == EntryType.HARD_LINK) {
                        // The target of the link precedes it.
                        return open(entry.hardLinkTarget());
                    }
                    throw new FileNotFoundException("'" + path + "' is not a file but a " + entry.type());
                }
            }
        }
        throw new FileNotFoundException("no entry '" + path + "' in archive " + manifest.name());
    }

    private InputStream open(StoredEntry stored) throws IOException {
        Location at = stored.location()
                .orElseThrow(() -> new DamagedException("'" + stored.entry().path() + "' links to a file that archive "
                        + manifest.name() + " does not contain"));
        TarManifest owner = owner(at.archive());
        InputStream raw = new VerifyingInputStream(
                cache.open(owner.tarSource(context.storage()), at.offset(), at.length()),
                at.sha256(),
                "content of '" + stored.entry().path() + "' in " + owner.tarKey() + " in "
                        + context.storage().location());
        if (!at.sparse()) {
            return raw;
        }
        SparseMap.Builder map = SparseMap.ofSize(stored.entry().size().orElseThrow());
        SparseMapParser.parse(raw, map);
        return new SparseInputStream(map.build(), raw);
    }

    private TarManifest owner(String archive) throws IOException {
        TarManifest known = manifests.get(archive);
        if (known == null) {
            known = TarManifest.read(context.storage(), archive);
            manifests.put(archive, known);
        }
        return known;
    }

    @Override
    public void close() {}
}
