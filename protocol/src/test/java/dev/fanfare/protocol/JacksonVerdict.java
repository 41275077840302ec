package dev.fanfare.protocol;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// What a strict reader that others wrote says about a text: the JDK about its UTF-8, Jackson about its JSON.
final class JacksonVerdict {

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(JsonScanner.DEPTH_MAX)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /// Jackson refuses lone surrogates in names, though not in values. RFC 8259 allows their escapes in both, so they
    /// are made something harmless of the same length before Jackson looks.
    private static final Pattern SURROGATE = Pattern.compile("\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}");

    private JacksonVerdict() {}

    static boolean accepts(byte[] text) {
        try {
            CharBuffer chars = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(text));
            return oneValue(SURROGATE.matcher(chars).replaceAll("\\\\u0041"));
        } catch (CharacterCodingException | JacksonException refused) {
            return false;
        }
    }

    private static boolean oneValue(String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            // Jackson reads values lazily: only asking for the text of a string looks at all of it.
            parser.getString();
            return parser.nextToken() == null;
        }
    }
}
