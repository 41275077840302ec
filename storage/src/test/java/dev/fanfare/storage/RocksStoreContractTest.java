package dev.fanfare.storage;

import dev.fanfare.store.Store;
import dev.fanfare.store.StoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// RocksDB keeps the contract of a store.
class RocksStoreContractTest implements StoreContract {

    @TempDir
    private Path folder;

    private Store store;

    @BeforeEach
    void open() {
        store = RocksStore.open(folder, Stores.SMALL);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Override
    public Store store() {
        return store;
    }

    @Override
    public Store closedAndOpened(Store open) {
        open.close();
        store = RocksStore.open(folder, Stores.SMALL);
        return store;
    }
}
