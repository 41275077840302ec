/// Topics that outlive the process, on RocksDB.
@SuppressWarnings("requires-automatic") // RocksDB is no module.
module dev.fanfare.storage {
    requires transitive dev.fanfare.broker;
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires rocksdbjni;

    exports dev.fanfare.storage;
}
