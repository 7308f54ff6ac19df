package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubnetTest {
    private static Subnet subnet(String text) {
        return Subnet.parse(text).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "172.18.0.0/16, 172.18.5.0/24, true",
        "172.18.5.0/24, 172.18.0.0/16, true",
        "172.18.0.0/16, 172.19.0.0/16, false",
        "10.0.0.0/31, 10.0.0.2/31, false",
        "0.0.0.0/0, 255.255.255.255/32, true",
        "192.168.1.77/24, 192.168.1.0/28, true",
        "fd00::/64, fd00::1:0:0:0/80, true",
        "fd00::/64, fd00:0:0:1::/64, false",
        "fd00::/64, 10.0.0.0/8, false",
    })
    void overlaps(String one, String other, boolean expected) {
        assertThat(subnet(one).overlaps(subnet(other))).isEqualTo(expected);
        assertThat(subnet(other).overlaps(subnet(one))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"172.18.0.0/16, 172.18.0.1", "192.168.16.0/20, 192.168.16.1", "10.0.0.9/8, 10.0.0.1"})
    void firstAddress(String subnet, String expected) {
        assertThat(subnet(subnet).firstAddress()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "10.0.0.0", "10.0.0.0/33", "10.0.0/8/9", "example.org/8", "10.0.0.0/-1"})
    void whatIsNoRange_isEmpty(String text) {
        assertThat(Subnet.parse(text)).isEmpty();
    }

    @Test
    void defaultPools_areThoseThatAnEngineChoosesFrom() {
        assertThat(subnet("172.31.0.0/16").isDefaultPool()).isTrue();
        assertThat(subnet("192.168.240.0/20").isDefaultPool()).isTrue();
        assertThat(subnet("10.213.7.0/24").isDefaultPool()).isFalse();
        assertThat(subnet("172.32.0.0/16").isDefaultPool()).isFalse();
    }
}
