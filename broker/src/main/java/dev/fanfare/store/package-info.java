/// Where a broker keeps what has to outlive its process: ordered tables of bytes, written in batches that happen as a
/// whole.
///
/// A [dev.fanfare.store.Store] knows nothing of topics. What the tables hold and how it is written is the business of
/// the classes that own it, each of which names its [dev.fanfare.store.Table]. One thread writes, the one that commits;
/// any thread reads.
@org.jspecify.annotations.NullMarked
package dev.fanfare.store;
