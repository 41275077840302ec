package dev.fanfare.server.filter;

import dev.fanfare.Payload;
import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Utf8;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// What a payload is to an expression: JSON as values, other text as a string, anything else as bytes; the same
/// distinction as in events. Any thread.
public final class PayloadValue {

    /// A payload is as large as it is, and has been validated.
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final String LARGEST = String.valueOf(Long.MAX_VALUE);
    private static final String SMALLEST = String.valueOf(Long.MIN_VALUE);

    private PayloadValue() {}

    /// Whether a payload that is not JSON is text.
    ///
    /// @param bytes of the payload
    public static boolean isText(Payload payload, byte[] bytes) {
        String type = payload.contentType();
        // What a publisher of JSON that is none meant can't be known; it is shown as the text it is.
        return (type.toLowerCase(Locale.ROOT).startsWith("text/") || type.equals(Payload.JSON))
                && Utf8.wellFormed(bytes, 0, bytes.length);
    }

    static Object of(Payload payload) {
        boolean json = payload.isJson(JsonScanner::wellFormed);
        byte[] bytes = payload.toByteArray();
        if (!json) {
            return isText(payload, bytes) ? payload.text() : new Value.Bytes(bytes);
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), bytes)) {
            return value(parser, parser.nextToken());
        } catch (JacksonException unreadable) {
            // An escape of half a character in a name, which JSON allows.
            return new Value.Failure("the payload can't be read: " + unreadable.getOriginalMessage());
        }
    }

    private static Object value(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> whole(parser.getString());
            case VALUE_NUMBER_FLOAT -> Double.valueOf(parser.getString());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> Value.Null.NULL;
        };
    }

    /// What does not fit into an int is a double, as in every JSON of a browser.
    private static Object whole(String digits) {
        boolean negative = digits.startsWith("-");
        int length = digits.length() - (negative ? 1 : 0);
        boolean fits = length < LARGEST.length()
                || length == LARGEST.length()
                        && (negative ? digits.compareTo(SMALLEST) : digits.compareTo(LARGEST)) <= 0;
        return fits ? (Object) Long.valueOf(digits) : Double.valueOf(digits);
    }

    private static Map<Object, Object> object(JsonParser parser) {
        Map<Object, Object> members = new HashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            members.put(name, value(parser, parser.nextToken()));
        }
        return members;
    }

    private static List<Object> array(JsonParser parser) {
        List<Object> elements = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            elements.add(value(parser, token));
        }
        return elements;
    }
}
