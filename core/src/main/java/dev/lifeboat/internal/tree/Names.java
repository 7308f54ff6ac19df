package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers the names that a page refers to, in order of first use. */
final class Names {
    private final Map<ChunkName, Integer> numbers = new HashMap<>();
    private final List<ChunkName> names = new ArrayList<>();

    int number(ChunkName name) {
        Integer known = numbers.putIfAbsent(name, names.size());
        if (known != null) {
            return known;
        }
        names.add(name);
        return names.size() - 1;
    }

    List<ChunkName> list() {
        return names;
    }
}
