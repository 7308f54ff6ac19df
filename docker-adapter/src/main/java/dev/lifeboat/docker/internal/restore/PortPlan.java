package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.plan.Conflict;
import java.io.IOException;
import java.util.Collection;
import java.util.List;

/** Whether the ports that containers are to publish are free. */
final class PortPlan {
    private final PlanContext context;
    private final Collection<ContainerSpec> replaced;

    PortPlan(PlanContext context, Collection<ContainerSpec> replaced) {
        this.context = context;
        this.replaced = replaced;
    }

    void plan(List<ApplicationPlan.Member> members) throws IOException {
        for (ApplicationPlan.Member member : members) {
            List<PublishedPort> wanted =
                    PublishedPort.fixed(member.body().object("HostConfig").objectOrEmpty("PortBindings"));
            for (ContainerSpec other : context.engine().containers()) {
                boolean self = replaced.stream().anyMatch(old -> old.id().equals(other.id()));
                if (!self && other.state().running() && !wanted.isEmpty()) {
                    check(member, wanted, other);
                }
            }
        }
    }

    private void check(ApplicationPlan.Member member, List<PublishedPort> wanted, ContainerSpec other)
            throws IOException {
        List<PublishedPort> used = PublishedPort.fixed(
                other.inspect().objectOrEmpty("NetworkSettings").objectOrEmpty("Ports"));
        for (PublishedPort port : wanted) {
            if (used.stream().noneMatch(port::collidesWith)) {
                continue;
            }
            String detail = "port " + port + " is published by running container " + other.name();
            if (member.start()) {
                context.conflict(
                        Conflict.Kind.PORT_TAKEN,
                        "container " + member.name(),
                        detail,
                        "stop that container; choose another port: .hostPort(" + port.port()
                                + ", <other>); or .freePorts() or .withoutPublishedPorts()");
            } else {
                context.warn(member.document(), detail + ", so the container cannot be started beside it");
            }
        }
    }
}
