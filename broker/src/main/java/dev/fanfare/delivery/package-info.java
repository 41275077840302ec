/// Acknowledged delivery: what becomes of a message between a subscription's reading it and being done with it.
///
/// ```
///  feed ─ reader ─▶ Backlog ── take ──▶ Member ─▶ handler, receiver, connection
///                    │  ▲                 │
///                    │  └─ retry, timeout ┘ ack, nack
///                    └─ given up ─▶ dead-letter topic
/// ```
///
/// A [dev.fanfare.delivery.Backlog] holds what one subscription or group has not done; its lock guards the
/// [dev.fanfare.delivery.Stage] of each message. Whoever works on messages is a
/// [dev.fanfare.delivery.Member] of it: a subscription has one, a group as many as joined. User code (handlers,
/// retry policies, listeners) and publishing run under no lock.
@org.jspecify.annotations.NullMarked
package dev.fanfare.delivery;
