package dev.fanfare;

import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The bytes of a message and what they are: an immutable value.
///
/// [#bytes], [#text] and [#json] copy nothing they do not have to: text is encoded once, byte arrays are copied
/// once. [#wrap] copies nothing; whoever calls it must not touch the array again.
///
/// A payload may be kept compressed ([#compressed], [#ofCompressed]). Everything but [#storedSize], [#encoding]
/// and [#encoded] is about the plain bytes all the same: they are made when somebody looks at them, and kept as
/// long as memory is plenty.
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

    // What is stored before a payload.
    private static final int FORM_KIND = 3;
    private static final int FORM_WELL_FORMED = 4;
    private static final int FORM_PACKED = 8;

    /// As they are kept: plain, or as `packing` says.
    private final byte[] bytes;

    private final String contentType;
    private final @Nullable Packing packing;

    /// Remembers the answer of [#isJson]; a race merely computes it twice.
    private byte json;

    /// How bytes are compressed.
    private static final class Packing {
        private final Compression how;
        private final int size;
        private volatile SoftReference<byte @Nullable []> plain = new SoftReference<>(null);

        Packing(Compression how, int size) {
            this.how = how;
            this.size = size;
        }

        /// @param plain what has just been compressed or expanded: others will want to look at it soon
        Packing(Compression how, byte[] plain) {
            this(how, plain.length);
            this.plain = new SoftReference<>(plain);
        }

        byte[] plain(byte[] packed) {
            byte[] known = plain.get();
            if (known == null) {
                known = how.expand(packed, size);
                plain = new SoftReference<>(known);
            }
            return known;
        }
    }

    private Payload(byte[] bytes, String contentType, byte json) {
        this(bytes, contentType, json, null);
    }

    private Payload(byte[] bytes, String contentType, byte json, @Nullable Packing packing) {
        this.bytes = bytes;
        this.contentType = contentType;
        this.json = json;
        this.packing = packing;
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

    /// A payload that somebody else has compressed. It is expanded once here, so that nobody is surprised later.
    ///
    /// @param bytes the array itself: it belongs to the payload from now on
    /// @param most how many plain bytes there may be
    /// @throws FanfareException `TOO_LARGE` when there are more, however few the compressed ones are;
    ///     `BAD_REQUEST` when they are malformed
    public static Payload ofCompressed(byte[] bytes, String contentType, Compression how, int most) {
        byte[] plain = how.expand(bytes, most);
        return new Payload(bytes, contentType, contentType.equals(JSON) ? UNKNOWN : MALFORMED, new Packing(how, plain));
    }

    /// The same payload, kept compressed from now on; itself when it is already, or when that would save nothing.
    public Payload compressed(Compression how) {
        if (packing != null || bytes.length == 0) {
            return this;
        }
        byte[] packed = how.compress(bytes);
        return packed.length < bytes.length ? new Payload(packed, contentType, json, new Packing(how, bytes)) : this;
    }

    /// How it is kept compressed: [Compression#name]; empty when it is kept plain.
    public Optional<String> encoding() {
        return Optional.ofNullable(packing).map(packed -> packed.how.name());
    }

    /// A copy of the compressed bytes, for who takes this encoding; empty when it is not kept in it.
    public Optional<byte[]> encoded(String encoding) {
        return packing != null && packing.how.name().equals(encoding) ? Optional.of(bytes.clone()) : Optional.empty();
    }

    /// How many bytes are kept: fewer than [#size] when they are compressed.
    public int storedSize() {
        return bytes.length;
    }

    private byte[] plain() {
        return packing == null ? bytes : packing.plain(bytes);
    }

    /// Whether the payload says it is JSON and `wellFormed` agrees; `wellFormed` is asked at most once per payload,
    /// as a rule.
    public boolean isJson(Predicate<byte[]> wellFormed) {
        byte known = json;
        if (known == UNKNOWN) {
            known = wellFormed.test(plain()) ? WELL_FORMED : MALFORMED;
            json = known;
        }
        return known == WELL_FORMED;
    }

    /// Length in bytes.
    public int size() {
        return packing == null ? bytes.length : packing.size;
    }

    /// The media type, as it was given.
    public String contentType() {
        return contentType;
    }

    /// A copy of the bytes.
    public byte[] toByteArray() {
        return plain().clone();
    }

    /// Copies all bytes to `target` at `at`.
    public void copyTo(byte[] target, int at) {
        byte[] all = plain();
        System.arraycopy(all, 0, target, at, all.length);
    }

    /// The bytes decoded as UTF-8, malformed sequences replaced.
    public String text() {
        return new String(plain(), StandardCharsets.UTF_8);
    }

    /// Writes it as it is kept, for [#readFrom].
    public void writeTo(ByteWriter out) {
        String how = packing == null ? null : packing.how.name();
        // Whoever brings a way to compress along may not be there when it is read.
        boolean kept = how != null && Compression.named(how).isPresent();
        int known = kindOf(contentType);
        out.octet(known | (json == WELL_FORMED ? FORM_WELL_FORMED : 0) | (kept ? FORM_PACKED : 0));
        if (known == 0) {
            out.text(contentType);
        }
        if (kept && packing != null && how != null) {
            out.text(how).number(packing.size);
        }
        out.bytes(kept ? bytes : plain());
    }

    private static int kindOf(String contentType) {
        return switch (contentType) {
            case JSON -> 1;
            case TEXT -> 2;
            case BINARY -> 3;
            default -> 0;
        };
    }

    /// Reads what [#writeTo] wrote.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    public static Payload readFrom(ByteReader in) {
        int form = in.octet();
        String contentType = switch (form & FORM_KIND) {
            case 0 -> in.text();
            case 1 -> JSON;
            case 2 -> TEXT;
            default -> BINARY;
        };
        byte json = (form & FORM_WELL_FORMED) != 0 ? WELL_FORMED : contentType.equals(JSON) ? UNKNOWN : MALFORMED;
        if ((form & FORM_PACKED) == 0) {
            return new Payload(in.bytes(), contentType, json);
        }
        String how = in.text();
        int size = in.number(Integer.MAX_VALUE);
        Compression packed = Compression.named(how)
                .orElseThrow(() -> in.corrupt("a payload is compressed with '" + how + "', which is not here,"));
        return new Payload(in.bytes(), contentType, json, new Packing(packed, size));
    }

    /// Passes over what [#writeTo] wrote.
    ///
    /// @throws dev.fanfare.store.StoreException `CORRUPT` when it is something else
    static void skip(ByteReader in) {
        int form = in.octet();
        if ((form & FORM_KIND) == 0) {
            in.skip();
        }
        if ((form & FORM_PACKED) != 0) {
            in.skip();
            in.number();
        }
        in.skip();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && contentType.equals(that.contentType)
                && Arrays.equals(plain(), that.plain());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(plain());
    }

    @Override
    public String toString() {
        return size() + " bytes of " + contentType;
    }
}
