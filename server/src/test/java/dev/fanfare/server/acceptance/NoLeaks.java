package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Watches every buffer of Netty while tests run, and fails the class in which one was not released. Register it on
/// every class that starts a server: the watch must stand before the first buffer is made.
final class NoLeaks implements BeforeAllCallback, AfterAllCallback {

    private static final Queue<String> FOUND = new ConcurrentLinkedQueue<>();

    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Watch());
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    /// Makes detectors that keep what they find.
    private static final class Watch extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation") // the only method there is to override
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return new ResourceLeakDetector<>(resource, samplingInterval) {
                @Override
                protected boolean needReport() {
                    return true;
                }

                @Override
                protected void reportTracedLeak(String resourceType, String records) {
                    FOUND.add(resourceType + records);
                }

                @Override
                protected void reportUntracedLeak(String resourceType) {
                    FOUND.add(resourceType);
                }
            };
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        FOUND.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        check();
    }

    /// Fails if a buffer was lost so far.
    static void check() {
        System.gc();
        // Leaks are reported when the next buffer is watched.
        for (int i = 0; i < 100; i++) {
            ByteBufAllocator.DEFAULT.buffer(16).release();
        }
        assertThat(FOUND).as("buffers that were not released").isEmpty();
    }
}
