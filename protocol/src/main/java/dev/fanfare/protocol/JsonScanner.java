package dev.fanfare.protocol;

import java.io.Serial;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Steps through JSON text (RFC 8259) and accepts nothing else: no comments, no trailing commas, no bare words. It
/// builds nothing; values are known by where they begin and end, so that a payload can be passed on as it was written.
///
/// The bytes must be well-formed UTF-8 ([Utf8]). Reused from text to text; belongs to one thread.
public final class JsonScanner {

    /// How deep arrays and objects may be nested unless another limit is given.
    public static final int DEPTH_MAX = 64;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;
    private static final long QUOTES = ONES * '"';
    private static final long BACKSLASHES = ONES * '\\';
    private static final long SPACES = ONES * ' ';

    /// The text is not JSON, or too deep.
    public static final class Malformed extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        private final @Nullable String limit;

        Malformed(String message, @Nullable String limit) {
            // Hostile text is no reason to walk the stack.
            super(message, null, false, false);
            this.limit = limit;
        }

        /// By what its refusal is counted: [WireError#JSON_DEPTH], or null when the text is not JSON.
        public @Nullable String limit() {
            return limit;
        }
    }

    private final int depthMax;
    private byte[] text = {};
    private int from;
    private int at;
    private int end;
    private int nameEnd;
    private boolean escaped;

    /// A scanner with a limit on nesting.
    public JsonScanner(int depthMax) {
        this.depthMax = depthMax;
    }

    /// Whether the bytes are one JSON value in well-formed UTF-8, white space around it allowed.
    public static boolean wellFormed(byte[] text) {
        if (!Utf8.wellFormed(text, 0, text.length)) {
            return false;
        }
        try {
            JsonScanner scanner = new JsonScanner(DEPTH_MAX);
            scanner.begin(text, 0, text.length);
            scanner.skipValue(0);
            scanner.end();
            return true;
        } catch (Malformed malformed) {
            return false;
        }
    }

    /// Starts at the first value of a text.
    public void begin(byte[] bytes, int from, int to) {
        this.text = bytes;
        this.from = from;
        this.at = from;
        this.end = to;
        skipSpace();
    }

    /// Where it stands: at the first byte of a value, or right after one.
    public int position() {
        return at;
    }

    /// The byte it stands at; −1 at the end.
    public int peek() {
        return at < end ? text[at] : -1;
    }

    /// Nothing but white space may be left.
    public void end() {
        skipSpace();
        if (at < end) {
            throw unexpected("the end of the text");
        }
    }

    /// Steps over `{` to the first name, or over the whole of an empty object.
    ///
    /// @return false when the object is empty
    public boolean enterObject() {
        return enter('{', '}');
    }

    /// Steps over `[` to the first element, or over the whole of an empty array.
    ///
    /// @return false when the array is empty
    public boolean enterArray() {
        return enter('[', ']');
    }

    private boolean enter(char open, char close) {
        expect(open);
        skipSpace();
        if (peek() == close) {
            at++;
            return false;
        }
        return true;
    }

    /// Steps over a name and its colon to the value.
    public void skipName() {
        skipString();
        nameEnd = at - 1;
        skipSpace();
        expect(':');
        skipSpace();
    }

    /// Where the closing quote of the name stands that it stepped over last.
    int nameEnd() {
        return nameEnd;
    }

    /// Steps from the end of a member to the next name.
    ///
    /// @return false when the object ended instead
    public boolean nextMember() {
        return next('}');
    }

    /// Steps from the end of an element to the next one.
    ///
    /// @return false when the array ended instead
    public boolean nextElement() {
        return next(']');
    }

    private boolean next(char close) {
        skipSpace();
        int here = peek();
        if (here == ',') {
            at++;
            skipSpace();
            return true;
        }
        if (here == close) {
            at++;
            return false;
        }
        throw unexpected("',' or '" + close + "'");
    }

    /// Steps over one value that lies `depth` levels deep already.
    public void skipValue(int depth) {
        switch (peek()) {
            case '"' -> skipString();
            case '{' -> skipObject(depth + 1);
            case '[' -> skipArray(depth + 1);
            case 't' -> skipWord("true");
            case 'f' -> skipWord("false");
            case 'n' -> skipWord("null");
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> skipNumber();
            default -> throw unexpected("a value");
        }
    }

    private void skipObject(int depth) {
        checkDepth(depth);
        if (enterObject()) {
            do {
                skipName();
                skipValue(depth);
            } while (nextMember());
        }
    }

    private void skipArray(int depth) {
        checkDepth(depth);
        if (enterArray()) {
            do {
                skipValue(depth);
            } while (nextElement());
        }
    }

    private void checkDepth(int depth) {
        if (depth > depthMax) {
            throw new Malformed(
                    "JSON is nested deeper than " + depthMax + " levels at byte " + (at - from), WireError.JSON_DEPTH);
        }
    }

    private void skipWord(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (at >= end || text[at] != word.charAt(i)) {
                throw unexpected(word);
            }
            at++;
        }
    }

    private void skipNumber() {
        if (peek() == '-') {
            at++;
        }
        if (peek() == '0') {
            at++;
        } else {
            skipDigits();
        }
        if (peek() == '.') {
            at++;
            skipDigits();
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            skipDigits();
        }
    }

    private void skipDigits() {
        int first = at;
        while (at < end && text[at] >= '0' && text[at] <= '9') {
            at++;
        }
        if (at == first) {
            throw unexpected("a digit");
        }
    }

    /// Steps over a string, quotes included.
    public void skipString() {
        expect('"');
        escaped = false;
        // In locals, or every step would write a field.
        byte[] bytes = text;
        int limit = end;
        int here = at;
        while (true) {
            // Eight characters at once, as long as none of them is a quote, a backslash or a control character.
            while (here + 8 <= limit) {
                long special = special((long) LONGS.get(bytes, here));
                if (special != 0) {
                    here += Long.numberOfTrailingZeros(special) >>> 3;
                    break;
                }
                here += 8;
            }
            if (here >= limit) {
                at = limit;
                throw unexpected("the end of a string");
            }
            byte character = bytes[here++];
            if (character == '"') {
                at = here;
                return;
            }
            if (character == '\\') {
                at = here;
                skipEscape();
                here = at;
                escaped = true;
            } else if (character >= 0 && character < ' ') {
                at = here - 1;
                throw unexpected("an escaped control character");
            }
        }
    }

    /// Whether the string it stepped over last holds an escape.
    boolean escaped() {
        return escaped;
    }

    /// Whether eight characters of a string stand for themselves: no quote, no backslash, no control character.
    static boolean plain(long word) {
        return special(word) == 0;
    }

    private static long special(long word) {
        return zeroBytes(word ^ QUOTES) | zeroBytes(word ^ BACKSLASHES) | (word - SPACES) & ~word & HIGHS;
    }

    /// Marks (among others after the first) the bytes that are zero; the lowest mark is always right.
    private static long zeroBytes(long word) {
        return (word - ONES) & ~word & HIGHS;
    }

    private void skipEscape() {
        int kind = peek();
        switch (kind) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> at++;
            case 'u' -> {
                at++;
                for (int i = 0; i < 4; i++) {
                    if (Character.digit(peek(), 16) < 0) {
                        throw unexpected("four hexadecimal digits");
                    }
                    at++;
                }
            }
            default -> throw unexpected("an escape");
        }
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw unexpected("'" + wanted + "'");
        }
        at++;
    }

    private void skipSpace() {
        while (at < end) {
            byte here = text[at];
            if (here != ' ' && here != '\n' && here != '\r' && here != '\t') {
                return;
            }
            at++;
        }
    }

    private Malformed unexpected(String expected) {
        String found;
        if (at >= end) {
            found = "the text ends";
        } else if (text[at] > ' ') {
            found = "there is '" + (char) text[at] + "'";
        } else {
            found = "there is the byte 0x" + Integer.toHexString(text[at] & 0xFF);
        }
        return new Malformed("invalid JSON: expected " + expected + " but " + found + " at byte " + (at - from), null);
    }

    /// The string whose quotes stand at `first` and `last`, which this scanner has stepped over, escapes resolved. A
    /// lone surrogate that was escaped stays one.
    public static String string(byte[] text, int first, int last) {
        for (int i = first + 1; i < last; i++) {
            if (text[i] == '\\') {
                return unescape(new String(text, first + 1, last - first - 1, StandardCharsets.UTF_8));
            }
        }
        return new String(text, first + 1, last - first - 1, StandardCharsets.UTF_8);
    }

    private static String unescape(String raw) {
        StringBuilder plain = new StringBuilder(raw.length());
        int i = 0;
        while (i < raw.length()) {
            char c = raw.charAt(i++);
            if (c != '\\') {
                plain.append(c);
                continue;
            }
            char escape = raw.charAt(i++);
            switch (escape) {
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 't' -> plain.append('\t');
                case 'u' -> {
                    plain.append((char) Integer.parseInt(raw, i, i + 4, 16));
                    i += 4;
                }
                default -> plain.append(escape);
            }
        }
        return plain.toString();
    }
}
