package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a container gets in the place of captured configuration. Immutable.
 *
 * @param environment values of variables; empty for one that is left out
 * @param labels values of labels; empty for one that is left out
 * @param user that the container runs as; empty for the captured one
 */
record ContainerSettings(
        Map<String, Optional<String>> environment, Map<String, Optional<String>> labels, Optional<String> user) {
    static final ContainerSettings NONE = new ContainerSettings(Map.of(), Map.of(), Optional.empty());

    ContainerSettings environment(String name, Optional<String> value) {
        if (name.isEmpty() || name.contains("=")) {
            throw new IllegalArgumentException("not the name of a variable: '" + name + "'");
        }
        return new ContainerSettings(with(environment, name, value), labels, user);
    }

    ContainerSettings label(String name, Optional<String> value) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the name of the label is empty");
        }
        return new ContainerSettings(environment, with(labels, name, value), user);
    }

    ContainerSettings user(String newUser) {
        return new ContainerSettings(environment, labels, Optional.of(newUser));
    }

    private static Map<String, Optional<String>> with(
            Map<String, Optional<String>> map, String name, Optional<String> value) {
        Map<String, Optional<String>> more = new TreeMap<>(map);
        more.put(name, value);
        return Map.copyOf(more);
    }

    /** Returns the settings of a container: by its service, and by its own name, which comes first. */
    static ContainerSettings of(Map<String, ContainerSettings> all, ContainerDocument document) throws IOException {
        Map<String, String> labels = document.container().labels();
        ContainerSettings settings = all.getOrDefault("", NONE);
        String service = new ComposeLabels(labels).service().orElse("");
        return settings.and(service.isEmpty() ? NONE : all.getOrDefault(service, NONE))
                .and(all.getOrDefault(document.container().name(), NONE));
    }

    private ContainerSettings and(ContainerSettings more) {
        Map<String, Optional<String>> variables = new TreeMap<>(environment);
        variables.putAll(more.environment);
        Map<String, Optional<String>> allLabels = new TreeMap<>(labels);
        allLabels.putAll(more.labels);
        return new ContainerSettings(variables, allLabels, more.user.or(() -> user));
    }

    /** Returns a captured configuration with these settings. */
    JsonObject applied(JsonObject config) throws IOException {
        JsonObject changed = config.copy();
        if (!environment.isEmpty()) {
            changed.put("Env", variables(config.strings("Env")));
        }
        if (!labels.isEmpty()) {
            Map<String, String> all = new TreeMap<>(config.stringMap("Labels"));
            labels.forEach((name, value) -> {
                if (value.isPresent()) {
                    all.put(name, value.get());
                } else {
                    all.remove(name);
                }
            });
            changed.put("Labels", all);
        }
        user.ifPresent(newUser -> changed.put("User", newUser));
        return changed;
    }

    private List<String> variables(List<String> captured) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String variable : captured) {
            all.put(variable.replaceAll("(?s)=.*$", ""), variable);
        }
        environment.forEach((name, value) -> {
            if (value.isPresent()) {
                all.put(name, name + "=" + value.get());
            } else {
                all.remove(name);
            }
        });
        return new ArrayList<>(all.values());
    }

    /** Returns what is set, for a plan: names of variables and labels, since values may be secrets. */
    String describe() {
        List<String> parts = new ArrayList<>();
        new TreeMap<>(environment)
                .forEach((name, value) ->
                        parts.add((value.isPresent() ? "environment " : "without environment ") + name));
        new TreeMap<>(labels)
                .forEach((name, value) -> parts.add((value.isPresent() ? "label " : "without label ") + name));
        user.ifPresent(name -> parts.add("user " + (name.isEmpty() ? "of the image" : name)));
        return String.join(", ", parts);
    }
}
