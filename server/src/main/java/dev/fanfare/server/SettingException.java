package dev.fanfare.server;

import java.io.Serial;

/// A setting that can't be used: the message names the setting, its value, where it came from and what is allowed.
public final class SettingException extends IllegalArgumentException {

    @Serial
    private static final long serialVersionUID = 1;

    /// @param message what was wrong, where, and what to do
    public SettingException(String message) {
        super(message);
    }
}
