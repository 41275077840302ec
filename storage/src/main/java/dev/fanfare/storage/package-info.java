/// A [dev.fanfare.store.Store] on a device, kept by RocksDB.
///
/// ```
/// folder/
///   FORMAT          what this is, and the version of its layout
///   fanfare.lock    locked while a process uses it; says which
///   LACKING         how safe what is missing had been: it is a copy, or was damaged
///   CLOSED          how far it was written when it was closed, and the check sum of RocksDB's manifest then;
///                   absent while in use and after a crash
///   CLOSED.manifest that manifest once more
///   db/             RocksDB: a column family per table
///   damaged/        what could not be read and was put aside, by time
/// ```
///
/// Nothing of RocksDB is seen outside. Whoever uses one of its objects holds the store's read lock; they are released
/// under the write lock. That is what keeps a thread from reaching for memory that is gone.
@NullMarked
package dev.fanfare.storage;

import org.jspecify.annotations.NullMarked;
