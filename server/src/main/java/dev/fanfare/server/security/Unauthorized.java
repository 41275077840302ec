package dev.fanfare.server.security;

import java.io.Serial;

/// Whoever this is may not come in. Its message is for the peer, and tells nothing that helps to guess.
public final class Unauthorized extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1;

    /// @param reason what was wrong, and what to do
    public Unauthorized(String reason) {
        super(reason, null, false, false);
    }

    /// What was wrong, and what to do.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
