/// The Java client of a Fanfare server.
module dev.fanfare.client {
    requires java.net.http;
    requires org.slf4j;
    requires static com.github.luben.zstd_jni;
    requires static transitive org.jspecify;
    requires tools.jackson.core;

    exports dev.fanfare.client;
}
