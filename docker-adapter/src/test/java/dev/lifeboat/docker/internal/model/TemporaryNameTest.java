package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TemporaryNameTest {
    @Test
    void names_areKnown_andOthersAreNot() {
        TemporaryName temporary = TemporaryName.next();
        for (String name : new String[] {"web", temporary.ofNew("web"), temporary.ofReplaced("web")}) {
            assertThat(TemporaryName.isOf("web", name)).as(name).isTrue();
            assertThat(TemporaryName.isOf("we", name)).as(name).isFalse();
            assertThat(TemporaryName.isOf("db", name)).as(name).isFalse();
        }
        for (String name :
                new String[] {"web2", "web-lifeboat-", "web-lifeboat-1a2b3c4", "web-lifeboat-1a2b3c4d-old"}) {
            assertThat(TemporaryName.isOf("web", name)).as(name).isFalse();
        }
    }
}
