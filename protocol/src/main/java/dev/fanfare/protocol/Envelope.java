package dev.fanfare.protocol;

import java.io.Serial;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request as read: which fields were given and where their values lie. Reading validates the whole text once; what
/// a value means is looked at only when it is asked for. Reused; belongs to one thread.
final class Envelope {

    /// A field is missing or wrong.
    static final class Fault extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        Fault(String message) {
            // Hostile requests are no reason to walk the stack.
            super(message, null, false, false);
        }
    }

    /// What a member of a nested object is told to.
    interface Member {
        /// A member whose value lies at `from` to before `to`.
        void value(String name, int from, int to);
    }

    /// What an element of an array is told to.
    interface Element {
        /// An element that lies at `from` to before `to`.
        void value(byte[] text, int from, int to);
    }

    private static final int FIELDS = Field.values().length;

    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final JsonScanner scanner;
    private final StringCache strings = new StringCache();
    private final int[] starts = new int[FIELDS];
    private final int[] ends = new int[FIELDS];
    private long seen;
    private @Nullable String fault;
    private boolean object;
    private byte[] text = {};

    Envelope(int depthMax) {
        scanner = new JsonScanner(depthMax);
    }

    /// Reads a text; what was read before stays asked for even when this fails half way.
    ///
    /// @throws JsonScanner.Malformed when the text is not JSON
    void read(byte[] bytes, int from, int to) {
        text = bytes;
        seen = 0;
        fault = null;
        Arrays.fill(starts, -1);
        scanner.begin(bytes, from, to);
        object = scanner.peek() == '{';
        if (!object) {
            scanner.skipValue(0);
        } else if (scanner.enterObject()) {
            members(false, 1);
        }
        scanner.end();
    }

    private void members(boolean ofMessage, int depth) {
        do {
            int nameFrom = scanner.position();
            scanner.skipName();
            Field field = field(nameFrom, ofMessage);
            int valueFrom = scanner.position();
            if (field == Field.MESSAGE && scanner.peek() == '{' && first(field)) {
                if (scanner.enterObject()) {
                    members(true, depth + 1);
                }
            } else {
                scanner.skipValue(depth);
            }
            if (field != null) {
                note(field, valueFrom, scanner.position());
            }
        } while (scanner.nextMember());
    }

    /// The field whose name the scanner has stepped over.
    private @Nullable Field field(int nameFrom, boolean ofMessage) {
        int close = scanner.nameEnd();
        if (!scanner.escaped()) {
            return Field.of(text, nameFrom + 1, close, ofMessage);
        }
        byte[] name = JsonScanner.string(text, nameFrom, close).getBytes(StandardCharsets.UTF_8);
        return Field.of(name, 0, name.length, ofMessage);
    }

    private boolean first(Field field) {
        return (seen & 1L << field.ordinal()) == 0;
    }

    private void note(Field field, int from, int to) {
        if (!first(field)) {
            fault("the field " + field.path() + " is given twice");
            return;
        }
        seen |= 1L << field.ordinal();
        boolean payload = field == Field.MESSAGE_PAYLOAD || field == Field.DATA;
        if (payload || !isNull(from, to)) {
            starts[field.ordinal()] = from;
            ends[field.ordinal()] = to;
        }
    }

    private boolean isNull(int from, int to) {
        return Arrays.equals(text, from, to, NULL, 0, NULL.length);
    }

    private void fault(String message) {
        if (fault == null) {
            fault = message;
        }
    }

    /// Fails if a field was given twice.
    void check() {
        if (fault != null) {
            throw new Fault(fault);
        }
    }

    /// Whether the text is a JSON object.
    boolean isObject() {
        return object;
    }

    /// Whether a field was given and is not null.
    boolean has(Field field) {
        return starts[field.ordinal()] >= 0;
    }

    /// Whether a field is exactly this string.
    boolean is(Field field, byte[] quoted) {
        int from = starts[field.ordinal()];
        return from >= 0 && Arrays.equals(text, from, ends[field.ordinal()], quoted, 0, quoted.length);
    }

    /// The bytes of a value, as they were written.
    byte[] copy(Field field) {
        return Arrays.copyOfRange(text, starts[field.ordinal()], ends[field.ordinal()]);
    }

    /// A string of at most `max` characters; null when absent.
    @Nullable
    String string(Field field, int max) {
        int from = starts[field.ordinal()];
        return from < 0 ? null : string(field.path(), from, ends[field.ordinal()], max);
    }

    /// The same for one that comes again and again, so that it need not be made each time.
    @Nullable
    String repeated(Field field, int max) {
        int from = starts[field.ordinal()];
        if (from < 0) {
            return null;
        }
        int to = ends[field.ordinal()];
        if (text[from] != '"' || hasEscape(from, to)) {
            return string(field.path(), from, to, max);
        }
        return bounded(field.path(), strings.get(text, from + 1, to - 1), max);
    }

    /// A string of 1 to `max` characters that has to be there; such a one comes again and again.
    String required(Field field, int max) {
        String value = repeated(field, max);
        if (value == null) {
            throw new Fault(field.path() + " is required");
        }
        if (value.isEmpty()) {
            throw new Fault(field.path() + " must not be empty");
        }
        return value;
    }

    /// A member's value as a string of at most `max` characters.
    String string(String name, int from, int to, int max) {
        if (text[from] != '"') {
            throw new Fault(name + " must be a string");
        }
        String value = JsonScanner.string(text, from, to - 1);
        // The bytes are well-formed, so only an escape can make half a character; one is longer than what it stands
        // for.
        boolean asWritten = value.length() == to - from - 2;
        return bounded(name, asWritten ? value : wellFormed(name, value), max);
    }

    /// What is passed on or told back must be text: half a character can't be written in UTF-8.
    private static String wellFormed(String name, String value) {
        for (int at = 0; at < value.length(); at++) {
            char c = value.charAt(at);
            if (Character.isSurrogate(c)) {
                if (Character.charCount(value.codePointAt(at)) == 1) {
                    throw new Fault(name
                            + " must be well-formed Unicode (lone surrogate U+%04X at character %d)"
                                    .formatted((int) c, value.codePointCount(0, at) + 1));
                }
                at++;
            }
        }
        return value;
    }

    private static String bounded(String name, String value, int max) {
        // Characters are code points; a text of few chars has no more of them.
        if (value.length() > max && value.codePointCount(0, value.length()) > max) {
            throw new Fault(
                    name + " must have at most " + max + " characters, not " + value.codePointCount(0, value.length()));
        }
        return value;
    }

    private boolean hasEscape(int from, int to) {
        for (int i = from; i < to; i++) {
            if (text[i] == '\\') {
                return true;
            }
        }
        return false;
    }

    /// Whether a field is a string.
    boolean isString(Field field) {
        return has(field) && text[starts[field.ordinal()]] == '"';
    }

    /// A whole number from `min` to `max`; `absent` when absent.
    long number(Field field, long min, long max, long absent) {
        int from = starts[field.ordinal()];
        return from < 0 ? absent : number(field.path(), from, ends[field.ordinal()], min, max);
    }

    /// A member's value as a whole number from `min` to `max`.
    long number(String name, int from, int to, long min, long max) {
        byte first = text[from];
        try {
            if (first == '-' || first >= '0' && first <= '9') {
                long value = Long.parseLong(new String(text, from, to - from, StandardCharsets.US_ASCII));
                if (value >= min && value <= max) {
                    return value;
                }
            }
        } catch (NumberFormatException fractionOrTooLong) {
            // told below, like any other number that is not allowed
        }
        String bound = max == Long.MAX_VALUE ? "of at least " + min : "from " + min + " to " + max;
        throw new Fault(name + " must be a whole number " + bound);
    }

    /// A member's value as a number from `min` to `max`, perhaps with a fraction.
    double decimal(String name, int from, int to, double min, double max) {
        byte first = text[from];
        if (first == '-' || first >= '0' && first <= '9') {
            double value = Double.parseDouble(new String(text, from, to - from, StandardCharsets.US_ASCII));
            if (value >= min && value <= max) {
                return value;
            }
        }
        throw new Fault(name + " must be a number from " + min + " to " + max);
    }

    /// Whole numbers from 0 on, at least one and at most `max`.
    long[] numbers(Field field, int max) {
        Numbers numbers = new Numbers(Math.min(max, 16));
        elements(field, max, (bytes, from, to) -> numbers.add(digits(field, from, to), max));
        if (numbers.count == 0) {
            throw new Fault(field.path() + " must not be empty");
        }
        return Arrays.copyOf(numbers.all, numbers.count);
    }

    private static final class Numbers {
        private long[] all;
        private int count;

        Numbers(int room) {
            all = new long[room];
        }

        void add(long number, int max) {
            if (count == all.length) {
                all = Arrays.copyOf(all, Math.min(max, 4 * count));
            }
            all[count++] = number;
        }
    }

    /// Walks through the elements of a field that must be an array of at most `max`.
    void elements(Field field, int max, Element element) {
        int from = starts[field.ordinal()];
        String name = field.path();
        if (text[from] != '[') {
            throw new Fault(name + " must be an array");
        }
        int count = 0;
        // A scanner per walk: one may begin inside another.
        JsonScanner scan = new JsonScanner(Integer.MAX_VALUE);
        scan.begin(text, from, ends[field.ordinal()]);
        for (boolean more = scan.enterArray(); more; more = scan.nextElement()) {
            if (count == max) {
                throw new Fault(name + " must have at most " + max + " elements");
            }
            count++;
            int at = scan.position();
            scan.skipValue(0);
            element.value(text, at, scan.position());
        }
    }

    /// As [#number], without a string for short ones, since there may be many.
    private long digits(Field field, int from, int to) {
        if (to - from > 18) {
            return number("an element of " + field.path(), from, to, 0, Long.MAX_VALUE);
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = text[i] - '0';
            if (digit < 0 || digit > 9) {
                return number("an element of " + field.path(), from, to, 0, Long.MAX_VALUE);
            }
            value = 10 * value + digit;
        }
        return value;
    }

    /// A truth value; false when absent.
    boolean flag(Field field) {
        int from = starts[field.ordinal()];
        if (from >= 0 && text[from] != 't' && text[from] != 'f') {
            throw new Fault(field.path() + " must be true or false");
        }
        return from >= 0 && text[from] == 't';
    }

    /// Whether a field is an object.
    boolean isObject(Field field) {
        return has(field) && text[starts[field.ordinal()]] == '{';
    }

    /// Walks through the members of a field that must be an object; members that are null are absent, and none may be
    /// there twice.
    void members(Field field, Member member) {
        members(field.path(), starts[field.ordinal()], ends[field.ordinal()], member);
    }

    /// Walks through the members of a value that must be an object.
    void members(String name, int from, int to, Member member) {
        if (text[from] != '{') {
            throw new Fault(name + " must be an object");
        }
        Set<String> names = new HashSet<>();
        // A scanner per walk: these are rare, and one may begin inside another.
        JsonScanner scan = new JsonScanner(Integer.MAX_VALUE);
        scan.begin(text, from, to);
        if (scan.enterObject()) {
            do {
                int nameFrom = scan.position();
                scan.skipName();
                String memberName = wellFormed("a name in " + name, JsonScanner.string(text, nameFrom, scan.nameEnd()));
                int valueFrom = scan.position();
                scan.skipValue(0);
                int valueTo = scan.position();
                if (!names.add(memberName)) {
                    throw new Fault("the field " + name + "." + Excerpt.of(memberName) + " is given twice");
                }
                if (!isNull(valueFrom, valueTo)) {
                    member.value(memberName, valueFrom, valueTo);
                }
            } while (scan.nextMember());
        }
    }
}
