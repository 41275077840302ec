package dev.fanfare.protocol;

/// Every code a WebSocket may be closed with, what it means and what a client should do: RFC 6455, section 7.4.
public final class CloseCode {

    /// The peer asked for it. Done.
    public static final int NORMAL = 1000;

    /// The server shuts down. Connect again, after a pause of random length.
    public static final int GOING_AWAY = 1001;

    /// The peer broke RFC 6455. Mend the client.
    public static final int PROTOCOL_ERROR = 1002;

    /// Stands for a close frame without a code; never sent.
    public static final int NO_STATUS = 1005;

    /// A text that is not UTF-8. Mend the client.
    public static final int INVALID_TEXT = 1007;

    /// A slow consumer, as the error before it says. Connect again and resume.
    public static final int POLICY = 1008;

    /// A message far above the limit. Mend the client.
    public static final int TOO_LARGE = 1009;

    /// A bug or a broken machine. Connect again later.
    public static final int INTERNAL = 1011;

    private CloseCode() {}

    /// Whether a peer may send this code.
    public static boolean mayBeSent(int code) {
        boolean registered = code >= 1000 && code <= 1014 && code != 1004 && code != NO_STATUS && code != 1006;
        return registered || code >= 3000 && code <= 4999;
    }
}
