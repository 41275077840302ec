package dev.fanfare.store;

import dev.fanfare.Durability;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Ordered tables of bytes that outlive the process. Keys are ordered byte by byte, unsigned; a key that is the
/// beginning of another comes first.
///
/// [#write], [#sync], [#reopen] and [#reclaim] are called by one thread at a time. Everything else may be called by any
/// thread at any time; what is read is what has been written. Anything here may block: never on an event loop, never in
/// a topic's section.
public interface Store extends AutoCloseable {

    /// Changes that happen as a whole. Used by one thread.
    interface Batch {

        /// Writes a value, over the one that is there. The arrays must not be changed any more.
        void put(Table table, byte[] key, byte[] value);

        /// Takes a value away, if there is one.
        void delete(Table table, byte[] key);

        /// Takes away everything from one key up to another.
        ///
        /// @param from inclusive
        /// @param to exclusive
        void deleteRange(Table table, byte[] from, byte[] to);
    }

    /// Values in the order of their keys. Used by one thread, and closed by it.
    interface Scan extends AutoCloseable {

        /// Goes to the next one; at first, to the first one.
        ///
        /// @return false when there is none
        /// @throws StoreException `CORRUPT` when the next one can't be read: the scan stands where it did, and
        ///     [#seek] may pass it by
        boolean next();

        /// Goes to the first one at or after a key within the scan's bounds: [#key] and [#value] are its.
        ///
        /// @return false when there is none
        /// @throws StoreException `CORRUPT` when it can't be read
        boolean seek(byte[] key);

        /// The key it stands at.
        byte[] key();

        /// The value it stands at.
        byte[] value();

        @Override
        void close();
    }

    /// A key and its value.
    record Entry(byte[] key, byte[] value) {}

    /// An empty batch, for [#write].
    Batch batch();

    /// Carries a batch out: all of it or nothing, also when the process dies meanwhile. It survives the process when
    /// this returns, and the power only after [#sync]. A batch is written once.
    ///
    /// @throws StoreException when it is not certain that it was carried out; nothing more can be written until
    ///     [#reopen]
    void write(Batch batch);

    /// Everything written survives the power when this returns.
    ///
    /// @throws StoreException when that is not certain; nothing more can be written until [#reopen]
    void sync();

    /// How safe what may be missing had been: `MEMORY` when nothing is; `WRITTEN` when the power was lost
    /// before everything was synced; `SYNCED` when it is a copy, so that what was stored after it was made is
    /// not there, or when damage has taken something that was safe. It is said until the next [#sync], also by
    /// who opens it anew before that. Where the system does not tell one start of the machine from another, a
    /// store that was not closed is taken for one that lost the power.
    Durability lacking();

    /// The value of a key; null when there is none.
    byte @Nullable [] get(Table table, byte[] key);

    /// The last one at or before a key.
    ///
    /// @param lowest not looked at below this key
    /// @return null when there is none
    @Nullable
    Entry floor(Table table, byte[] lowest, byte[] key);

    /// What lies from one key up to another, as it was when this was called.
    ///
    /// @param from inclusive
    /// @param to exclusive; null: to the end of the table
    Scan scan(Table table, byte[] from, byte @Nullable [] to);

    /// What lies from the last one at or before a key up to another, as it was when this was called; from the key on
    /// when there is none before it.
    ///
    /// @param lowest not looked at below this key
    /// @param to exclusive
    /// @throws StoreException `CORRUPT` when what is there can't be read
    Scan scanFromFloor(Table table, byte[] lowest, byte[] key, byte[] to);

    /// After a failure: looks what was really written, and is ready again.
    ///
    /// @throws StoreException when it can't be had yet
    void reopen();

    /// What was deleted from one key up to another will not be needed: gives its space back to the file system.
    void reclaim(Table table, byte[] from, byte[] to);

    /// How many bytes may still be written before the store is full, kept free for its own work not counted; 0 when it
    /// is.
    long room();

    /// Has damage told that was found when it was opened, and what is found from now on beside what whoever reads
    /// hears as `CORRUPT`. Called once.
    ///
    /// @param told is given what is damaged and what became of it, for people; any thread, it must not block
    void onDamage(Consumer<String> told);

    /// What is stored, in bytes on the device.
    long size();

    /// A [StoreException] of this store says where: the folder, for people.
    String place();

    /// Everything written survives the power; nothing can be called any more. Idempotent.
    @Override
    void close();
}
