package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Configuration of a volume.
 *
 * @param name its name
 * @param driver its driver; {@code local} unless the user chose another
 * @param options driver options
 * @param labels its labels
 */
public record VolumeSpec(String name, String driver, Map<String, String> options, Map<String, String> labels) {
    private static final Pattern ANONYMOUS = Pattern.compile("[0-9a-f]{64}");
    /** The driver that every engine has. */
    public static final String LOCAL = "local";

    /** Reads the inspect of a volume. */
    public static VolumeSpec ofInspect(JsonObject inspect) throws IOException {
        return new VolumeSpec(
                inspect.string("Name"),
                inspect.string("Driver"),
                inspect.stringMap("Options"),
                inspect.stringMap("Labels"));
    }

    /** Reads the {@code DriverConfig} of a mount that creates a volume. */
    public static VolumeSpec ofMount(JsonObject driverConfig) throws IOException {
        String driver = driverConfig.optionalString("Name").orElse("");
        return new VolumeSpec("", driver.isEmpty() ? LOCAL : driver, driverConfig.stringMap("Options"), Map.of());
    }

    /**
     * Whether a volume of that name is anonymous. The engine names an anonymous volume at random, and a user may
     * choose such a name; then it is treated as anonymous, too.
     */
    public static boolean isAnonymous(String name) {
        return ANONYMOUS.matcher(name).matches();
    }

    /**
     * The place outside of the engine that the options name: a device, a share. Empty if the engine owns the storage.
     */
    public Optional<String> externalStorage() {
        if (!driver.equals(LOCAL)) {
            return options.isEmpty() ? Optional.empty() : Optional.of(driver + " " + options);
        }
        String device = options.getOrDefault("device", "");
        boolean tmpfs = options.getOrDefault("type", "").equals("tmpfs") && !isBind();
        return device.isEmpty() || tmpfs ? Optional.empty() : Optional.of(device);
    }

    /** A bind mount ignores the type of the file system: mount(2), MS_BIND. */
    private boolean isBind() {
        return Arrays.stream(options.getOrDefault("o", "").split(",", -1))
                .anyMatch(option -> option.equals("bind") || option.equals("rbind"));
    }

    /** Returns the volume that a copy gets in the place of this one: never one on the same external storage. */
    public VolumeSpec forCopy(String newName) {
        return forCopy(newName, Identity.withoutOwner(labels));
    }

    /** Returns the volume that a copy gets in the place of this one, with other labels. */
    public VolumeSpec forCopy(String newName, Map<String, String> newLabels) {
        boolean external = externalStorage().isPresent();
        return new VolumeSpec(newName, external ? LOCAL : driver, external ? Map.of() : options, newLabels);
    }

    /** Returns how a volume that is there differs from this one, which was captured; empty if it does not. */
    public List<String> differences(VolumeSpec there) {
        List<String> differences = new ArrayList<>();
        add(differences, "driver", driver, there.driver);
        add(differences, "options", new TreeMap<>(options), new TreeMap<>(there.options));
        add(differences, "labels", new TreeMap<>(labels), new TreeMap<>(there.labels));
        return differences;
    }

    private void add(List<String> differences, String what, Object captured, Object is) {
        if (!captured.equals(is)) {
            differences.add("volume " + name + " exists with other " + what + ", which it keeps: captured " + captured
                    + ", now " + is);
        }
    }

    /** Returns the body of the call that creates it. */
    public JsonObject createBody() {
        return JsonObject.create()
                .put("Name", name)
                .put("Driver", driver)
                .put("DriverOpts", options)
                .put("Labels", labels);
    }
}
