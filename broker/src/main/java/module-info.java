/// Publish/subscribe in one process, and the doors through which transports join it.
@SuppressWarnings("requires-automatic") // no module of its own yet
module dev.fanfare.broker {
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires io.github.resilience4j.circuitbreaker;
    requires io.github.resilience4j.core;
    requires jdk.jfr;
    requires static com.github.luben.zstd_jni;

    exports dev.fanfare;
    exports dev.fanfare.delivery;
    exports dev.fanfare.feed;
    exports dev.fanfare.log;
    exports dev.fanfare.store;
    exports dev.fanfare.time;
}
