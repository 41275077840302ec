package dev.fanfare.protocol;

/// The text form of a UUID: RFC 9562, section 4.
final class Uuids {

    private static final int LENGTH = 36;

    /// What a character is, by its code: looked up, because this runs for every message published.
    private static final byte[] KINDS = new byte[128];

    private static final byte HEX = 1;

    static {
        "0123456789abcdefABCDEF".chars().forEach(digit -> KINDS[digit] = HEX);
    }

    private Uuids() {}

    /// Whether a text is one; hexadecimal digits of either case.
    static boolean isUuid(String text) {
        return text.length() == LENGTH
                && hex(text, 0, 8)
                && dash(text, 8)
                && hex(text, 9, 13)
                && dash(text, 13)
                && hex(text, 14, 18)
                && dash(text, 18)
                && hex(text, 19, 23)
                && dash(text, 23)
                && hex(text, 24, LENGTH);
    }

    private static boolean hex(String text, int from, int to) {
        int all = HEX;
        int outside = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            outside |= c;
            all &= KINDS[c & 127];
        }
        return all == HEX && outside < KINDS.length;
    }

    private static boolean dash(String text, int at) {
        return text.charAt(at) == '-';
    }
}
