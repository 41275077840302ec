package dev.fanfare.server.rest;

import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;

/// Who makes a call, and what it may do.
public record Caller(Identity identity, Rights rights) {

    /// Checks that it may make a call.
    ///
    /// @throws Problem 401 or 403 when it may not
    public void check(Need need, Call call) {
        if (!need.isMet(rights, call)) {
            throw refused(need.text());
        }
    }

    /// Checks that it may do something with a topic.
    ///
    /// @throws Problem 401 or 403 when it may not
    void check(Operation operation, String topic) {
        if (!rights.may(operation, topic)) {
            throw refused(operation.word() + " on topic '" + Excerpt.of(topic) + "'");
        }
    }

    private Problem refused(String what) {
        boolean stranger = identity.kind() == Identity.Kind.ANONYMOUS;
        WireError.Code code = stranger ? WireError.Code.UNAUTHORIZED : WireError.Code.FORBIDDEN;
        return Problem.of(new WireError(code, identity + " is not allowed: " + what));
    }
}
