package dev.lifeboat.format.tar;

import dev.lifeboat.entry.Entry;
import java.util.Optional;

/** An entry as an archive lists it. Only a file has a location. */
record StoredEntry(Entry entry, Optional<Location> location) {}
