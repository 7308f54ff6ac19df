package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An object of the API, over its JSON, which keeps every field. */
public record KubernetesObject(JsonObject json) {
    /**
     * The object that owns another.
     *
     * @param group of its API; empty for the core group
     * @param kind its kind
     * @param name its name
     * @param uid its identity
     * @param controller whether it creates and deletes the other
     */
    public record Owner(String group, String kind, String name, String uid, boolean controller) {}

    /** Returns an object, named in messages by what it is. */
    public static KubernetesObject of(JsonObject json) {
        return new KubernetesObject(json);
    }

    public String apiVersion() throws IOException {
        return json.string("apiVersion");
    }

    public String kind() throws IOException {
        return json.string("kind");
    }

    /** Returns the group of its API; empty for the core group. */
    public String group() throws IOException {
        String version = apiVersion();
        return version.contains("/") ? version.substring(0, version.indexOf('/')) : "";
    }

    /** Returns the version within the group. */
    public String version() throws IOException {
        return apiVersion().substring(apiVersion().indexOf('/') + 1);
    }

    public JsonObject metadata() throws IOException {
        return json.objectOrEmpty("metadata");
    }

    public JsonObject spec() throws IOException {
        return json.objectOrEmptyIfOther("spec");
    }

    public JsonObject status() throws IOException {
        return json.objectOrEmptyIfOther("status");
    }

    public String name() throws IOException {
        return metadata().string("name");
    }

    public Optional<String> namespace() throws IOException {
        return metadata().optionalString("namespace");
    }

    public String uid() throws IOException {
        return metadata().optionalString("uid").orElse("");
    }

    public Map<String, String> labels() throws IOException {
        return metadata().stringMap("labels");
    }

    public Map<String, String> annotations() throws IOException {
        return metadata().stringMap("annotations");
    }

    /** Whether it is being deleted. */
    public boolean isTerminating() throws IOException {
        return metadata().has("deletionTimestamp");
    }

    /** Whether this is a pod that mounts the volume of a claim. */
    public boolean usesClaim(String claim) throws IOException {
        for (JsonObject volume : spec().objects("volumes")) {
            Optional<String> name =
                    volume.objectOrEmpty("persistentVolumeClaim").optionalString("claimName");
            if (name.isPresent() && name.get().equals(claim)) {
                return true;
            }
        }
        return false;
    }

    public List<Owner> owners() throws IOException {
        List<Owner> owners = new ArrayList<>();
        for (JsonObject owner : metadata().objects("ownerReferences")) {
            String version = owner.optionalString("apiVersion").orElse("");
            owners.add(new Owner(
                    version.contains("/") ? version.substring(0, version.indexOf('/')) : "",
                    owner.string("kind"),
                    owner.string("name"),
                    owner.string("uid"),
                    owner.flag("controller")));
        }
        return owners;
    }
}
