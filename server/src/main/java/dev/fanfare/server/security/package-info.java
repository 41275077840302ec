/// Who may come in, and what they may do.
///
/// ```
///  header, first message ─▶ Credentials ─ Access ─▶ Identity ─ Rules ─▶ Rights ─▶ each operation
///                                          │ keys, tokens
/// ```
///
/// [dev.fanfare.server.security.Access] is the one door: it knows the keys, the tokens' keys and the rules, watches
/// their files, and says when something has changed. Nothing here knows a socket.
@NullMarked
package dev.fanfare.server.security;

import org.jspecify.annotations.NullMarked;
