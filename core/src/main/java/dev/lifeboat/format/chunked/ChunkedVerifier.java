package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.ArchiveFormat.Depth;
import dev.lifeboat.format.ArchiveFormat.Verified;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.Node;
import dev.lifeboat.internal.tree.Slice;
import dev.lifeboat.internal.tree.SliceLists;
import dev.lifeboat.internal.tree.TreeCursor;
import dev.lifeboat.internal.tree.TreeEntry;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Checks packs, and then the trees that use them, page by page, each page once regardless of how many snapshots share
 * it. Reports damage with the object, and for each affected snapshot and path. Uses an index of its own, so that
 * earlier knowledge does not hide the current state.
 */
final class ChunkedVerifier {
    private final FormatContext context;
    private final Consumer<Damage> damages;
    private final ChunkIndex index = ChunkIndex.fresh();
    private final ChunkSource source;
    /** Pages that are intact, with everything below them. */
    private final NameSet clean = new NameSet();

    /**
     * Damaged lists of slices. Affected content is reported once for each entry, and the lists are not visited again.
     */
    private final NameSet lostLists = new NameSet();

    private boolean refreshed;
    private long objects;
    private long bytes;

    ChunkedVerifier(FormatContext context, Consumer<Damage> damages) {
        this.context = context;
        this.damages = damages;
        this.source = new ChunkSource(context, index);
    }

    Verified verify(List<ArchiveRoot> roots, Depth depth) throws IOException {
        ChunkIndex.Listing listing = index.refresh(context);
        for (Map.Entry<ObjectKey, DamagedException> unreadable :
                listing.damaged().entrySet()) {
            damages.accept(new Damage(
                    Optional.empty(),
                    Optional.of(unreadable.getKey()),
                    Optional.empty(),
                    String.valueOf(unreadable.getValue().getMessage())));
        }
        PackVerifier packs = new PackVerifier(context, index, source.reader());
        PackVerifier.Result checked = packs.verify(listing, depth);
        checked.damages().forEach(damages);
        ChunkIndex.of(context).suspectLike(index);
        objects += listing.count();
        bytes += checked.bytes();
        for (ArchiveRoot root : roots) {
            verify(root);
        }
        return new Verified(objects, bytes);
    }

    private void verify(ArchiveRoot root) throws IOException {
        try {
            visit(root, ChunkedFormat.name(root), -1, SliceLists.MAX_DEPTH);
        } catch (DamagedException e) {
            damages.accept(new Damage(root, Optional.empty(), Optional.empty(), String.valueOf(e.getMessage())));
        }
    }

    /**
     * Checks a page and everything below it.
     *
     * @param level the expected level; -1 if it is unknown
     * @param depth the remaining depth of lists of slices
     * @return whether everything is intact
     */
    private boolean visit(ArchiveRoot root, ChunkName name, int level, int depth) throws IOException {
        if (clean.contains(name)) {
            return true;
        }
        if (level == Node.SLICES && lostLists.contains(name)) {
            return false;
        }
        boolean well;
        try {
            Node node = source.node(name);
            if (level >= 0 && node.level() != level) {
                throw new DamagedException("a page is of level " + node.level() + ", expected " + level);
            }
            well = node.level() == Node.SLICES
                    ? visitSlices(root, node, depth)
                    : node.level() == 0 ? visitEntries(root, node) : visitChildren(root, node);
        } catch (DamagedException e) {
            tell(root, name, Optional.empty(), String.valueOf(e.getMessage()));
            return false;
        }
        if (well) {
            clean.add(name);
        } else if (level == Node.SLICES) {
            lostLists.add(name);
        }
        return well;
    }

    private boolean visitChildren(ArchiveRoot root, Node node) throws IOException {
        if (context.keys().mayRead()) {
            TreeCursor.checkPage(node, source);
        } else {
            checkStored(node.page());
        }
        boolean well = true;
        for (ChunkName child : node.nodes()) {
            well &= visit(root, child, node.level() - 1, SliceLists.MAX_DEPTH);
        }
        return well;
    }

    private boolean visitEntries(ArchiveRoot root, Node node) throws IOException {
        if (!context.keys().mayRead()) {
            checkStored(node.page());
            return visitNames(root, node, SliceLists.MAX_DEPTH);
        }
        boolean well = true;
        for (TreeEntry entry : TreeCursor.entries(node, source)) {
            if (entry.content().isPresent()) {
                well &= visitContent(root, entry.entry().path(), entry.content().get());
            }
        }
        return well;
    }

    private boolean visitContent(ArchiveRoot root, EntryPath path, FileContent content) throws IOException {
        boolean well = true;
        for (Slice slice : content.slices()) {
            String detail;
            if (content.depth() > 0) {
                detail = visit(root, slice.chunk(), Node.SLICES, SliceLists.MAX_DEPTH)
                        ? ""
                        : "a list of its chunks, or a chunk, is lost";
            } else {
                detail = lost(slice.chunk());
            }
            if (!detail.isEmpty()) {
                tell(root, slice.chunk(), Optional.of(path), detail);
                return false;
            }
        }
        return well;
    }

    private boolean visitSlices(ArchiveRoot root, Node node, int depth) throws IOException {
        if (depth == 0) {
            throw new DamagedException("lists of slices exceed the maximum depth");
        }
        checkStored(node.page());
        return visitNames(root, node, depth - 1);
    }

    private boolean visitNames(ArchiveRoot root, Node node, int depth) throws IOException {
        boolean well = true;
        for (ChunkName child : node.nodes()) {
            well &= visit(root, child, Node.SLICES, depth);
        }
        for (ChunkName chunk : node.data()) {
            String detail = lost(chunk);
            if (!detail.isEmpty()) {
                tell(root, chunk, Optional.empty(), detail);
                well = false;
            }
        }
        return well;
    }

    private void checkStored(ChunkName name) throws IOException {
        String detail = lost(name);
        if (!detail.isEmpty()) {
            throw new DamagedException("page " + name + ": " + detail);
        }
    }

    /** Returns why a chunk cannot be read; empty if it can. */
    private String lost(ChunkName name) throws IOException {
        Optional<ChunkIndex.Place> place = index.find(name);
        if (place.isEmpty() && !refreshed) {
            // A prune may have moved it.
            refreshed = true;
            index.refresh(context);
            place = index.find(name);
        }
        if (place.isEmpty()) {
            return "chunk " + name + " is in no pack";
        }
        return index.isSuspect(place.get().entry()) ? "chunk " + name + " is damaged" : "";
    }

    private void tell(ArchiveRoot root, ChunkName chunk, Optional<EntryPath> path, String detail) {
        Optional<ObjectKey> object = index.find(chunk).map(place -> place.pack().key());
        damages.accept(new Damage(root, object, path, detail));
    }
}
