package dev.fanfare;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;

/// The bytes of a message and what they are: an immutable value.
///
/// [#bytes], [#text] and [#json] copy nothing they do not have to: text is encoded once, byte arrays are copied
/// once. [#wrap] copies nothing; whoever calls it must not touch the array again.
public final class Payload {

    /// `application/json`: the bytes are one JSON value in UTF-8.
    public static final String JSON = "application/json";

    /// `text/plain; charset=utf-8`.
    public static final String TEXT = "text/plain; charset=utf-8";

    /// `application/octet-stream`: bytes of no known meaning.
    public static final String BINARY = "application/octet-stream";

    private static final byte UNKNOWN = 0;
    private static final byte WELL_FORMED = 1;
    private static final byte MALFORMED = 2;

    private final byte[] bytes;
    private final String contentType;

    /// Remembers the answer of [#isJson]; a race merely computes it twice.
    private byte json;

    private Payload(byte[] bytes, String contentType, byte json) {
        this.bytes = bytes;
        this.contentType = contentType;
        this.json = json;
    }

    /// A text, as UTF-8.
    public static Payload text(String text) {
        return new Payload(text.getBytes(StandardCharsets.UTF_8), TEXT, MALFORMED);
    }

    /// A JSON value, as UTF-8. It is not parsed here; who splices it into other JSON asks [#isJson] first.
    public static Payload json(String json) {
        return new Payload(json.getBytes(StandardCharsets.UTF_8), JSON, UNKNOWN);
    }

    /// A copy of the bytes.
    public static Payload bytes(byte[] bytes, String contentType) {
        return wrap(bytes.clone(), contentType);
    }

    /// The array itself: it belongs to the payload from now on.
    public static Payload wrap(byte[] bytes, String contentType) {
        return new Payload(bytes, contentType, contentType.equals(JSON) ? UNKNOWN : MALFORMED);
    }

    /// The array itself, by a codec that has just validated it as one JSON value in well-formed UTF-8.
    public static Payload validatedJson(byte[] bytes) {
        return new Payload(bytes, JSON, WELL_FORMED);
    }

    /// Whether the payload says it is JSON and `wellFormed` agrees; `wellFormed` is asked at most once per payload,
    /// as a rule.
    public boolean isJson(Predicate<byte[]> wellFormed) {
        byte known = json;
        if (known == UNKNOWN) {
            known = wellFormed.test(bytes) ? WELL_FORMED : MALFORMED;
            json = known;
        }
        return known == WELL_FORMED;
    }

    /// Length in bytes.
    public int size() {
        return bytes.length;
    }

    /// The media type, as it was given.
    public String contentType() {
        return contentType;
    }

    /// A copy of the bytes.
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /// Copies all bytes to `target` at `at`.
    public void copyTo(byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, bytes.length);
    }

    /// The bytes decoded as UTF-8, malformed sequences replaced.
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && contentType.equals(that.contentType)
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return size() + " bytes of " + contentType;
    }
}
