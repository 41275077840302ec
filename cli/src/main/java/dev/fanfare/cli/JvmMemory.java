package dev.fanfare.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What this JVM may really use. The launcher derives its flags from the setting `memory`, but a JVM may have been
/// started without it or with other flags, and a configuration file may say things that the launcher does not
/// understand.
final class JvmMemory {

    private static final long MIB = 1024 * 1024;

    /// The JVM rounds its heap to the size of its regions.
    private static final int TOLERANCE_PERCENT = 10;

    private JvmMemory() {}

    /// What to say when the JVM was started for something else than the setting says.
    static Optional<String> warning(long setting) {
        long heap = Runtime.getRuntime().maxMemory();
        long direct = direct(heap);
        if (Math.abs(heap + direct - setting) <= setting / 100 * TOLERANCE_PERCENT) {
            return Optional.empty();
        }
        return Optional.of("warning: memory is set to " + setting / MIB + " MiB, but the JVM was started for "
                + (heap + direct) / MIB + " MiB (heap " + heap / MIB + " MiB, direct memory " + direct / MIB
                + " MiB); set it with ./fanfare serve --memory or FANFARE_MEMORY");
    }

    /// As much as the heap, unless a flag says otherwise.
    private static long direct(long heap) {
        @Nullable HotSpotDiagnosticMXBean hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        long flag = hotSpot == null
                ? 0
                : Long.parseLong(hotSpot.getVMOption("MaxDirectMemorySize").getValue());
        return flag == 0 ? heap : flag;
    }
}
