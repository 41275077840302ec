package dev.fanfare.server.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.ServerConfig;
import dev.fanfare.time.VirtualTimers;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Who counts as whom.
class LimitsTest {

    private final VirtualTimers timers = new VirtualTimers();
    private final ServerConfig.ClientLimits one =
            ServerConfig.of(Map.of("address-connections", "1")).limits().clients();
    private final Limits limits = new Limits(() -> one, timers, new Pressure(() -> 1 << 20, timers, () -> {}));

    private boolean isLet(String address) {
        return limits.connected(new InetSocketAddress(address, 1)) instanceof Limits.Let;
    }

    @Test
    void anAddressOfTheOldKindIsItself() {
        assertThat(isLet("192.0.2.1")).isTrue();
        assertThat(isLet("192.0.2.1")).isFalse();
        assertThat(isLet("192.0.2.2")).isTrue();
    }

    /// Whoever has one of them has 2^64.
    @Test
    void addressesOfOneNetworkOfIpv6AreOne() {
        assertThat(isLet("2001:db8::1")).isTrue();
        assertThat(isLet("2001:db8::2:3")).isFalse();
        assertThat(isLet("2001:db8:0:1::1")).isTrue();
    }
}
