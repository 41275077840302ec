/// The JSON wire protocol of Fanfare, shared by server and client.
@org.jspecify.annotations.NullMarked
module dev.fanfare.protocol {
    requires static transitive org.jspecify;

    exports dev.fanfare.protocol;
}
