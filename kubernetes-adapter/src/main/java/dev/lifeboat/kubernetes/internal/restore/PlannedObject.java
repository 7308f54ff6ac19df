package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.plan.PlanStep;
import java.util.Optional;

/**
 * An object that is going to be created or changed.
 *
 * @param captured what it is in the snapshot; empty for a namespace that the snapshot does not have
 * @param type its kind, in the version in which it is sent
 * @param target what it is going to be
 * @param body what is sent
 * @param action what is done
 */
record PlannedObject(
        Optional<ObjectName> captured, ResourceType type, ObjectName target, JsonObject body, PlanStep.Action action) {}
