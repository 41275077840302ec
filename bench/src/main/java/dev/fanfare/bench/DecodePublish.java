package dev.fanfare.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fanfare.protocol.JsonScanner;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.StandardCodec;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// From the text of a publish to a request: the codec of the standard dialect, and Jackson's streaming parser made
/// to do the same (the fields it needs as strings, the payload as the bytes that were written, everything
/// validated).
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class DecodePublish {

    /// Bytes of a payload that is an object with a few fields, one of them a text that fills it up.
    @Param({"128", "4096"})
    public int payload;

    private final StandardCodec codec = new StandardCodec(StandardCodec.MessageIds.UUID, JsonScanner.DEPTH_MAX);
    private final JsonFactory jackson = new JsonFactory();
    private byte[] text = {};
    private byte[] document = {};

    /// Makes the text, and checks that both read the same out of it.
    @Setup(Level.Trial)
    public void prepare() {
        String open = "{\"seq\":123456,\"price\":17.25,\"side\":\"buy\",\"tags\":[\"a\",\"b\"],\"note\":\"";
        String filler = "the quick brown fox jumps over the lazy dog ".repeat(payload / 44 + 1);
        String value = open + filler.substring(0, payload - open.length() - 2) + "\"}";
        document = value.getBytes(UTF_8);
        text =
                ("{\"type\":\"publish\",\"topic\":\"orders\",\"message\":{\"id\":\"550e8400-e29b-41d4-a716-446655440000\","
                                + "\"payload\":" + value + "},\"request_id\":\"r-17\"}")
                        .getBytes(UTF_8);
        Request.Publish ours = (Request.Publish) codec();
        Request.Publish theirs = jackson();
        if (!ours.topic().equals(theirs.topic())
                || !Arrays.equals(ours.payload(), document)
                || !Arrays.equals(theirs.payload(), document)) {
            throw new IllegalStateException("the two read different things");
        }
    }

    /// What a session does with every publish.
    @Benchmark
    public Request codec() {
        return codec.decode(text, 0, text.length);
    }

    /// The same with Jackson.
    @Benchmark
    public Request.Publish jackson() {
        try (JsonParser parser = jackson.createParser(ObjectReadContext.empty(), text, 0, text.length)) {
            return publish(parser);
        }
    }

    /// Whether a payload that an application published is JSON.
    @Benchmark
    public boolean wellFormed() {
        return JsonScanner.wellFormed(document);
    }

    /// The same with Jackson.
    @Benchmark
    public boolean wellFormedJackson() {
        try (JsonParser parser = jackson.createParser(ObjectReadContext.empty(), document, 0, document.length)) {
            while (parser.nextToken() != null) {
                // Strings are validated when they are stepped over.
            }
            return true;
        }
    }

    private Request.Publish publish(JsonParser parser) {
        @Nullable String type = null;
        @Nullable String topic = null;
        @Nullable String requestId = null;
        @Nullable String id = null;
        byte[] found = {};
        parser.nextToken();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            parser.nextToken();
            switch (name) {
                case "type" -> type = parser.getString();
                case "topic" -> topic = parser.getString();
                case "request_id" -> requestId = parser.getString();
                case "message" -> {
                    for (String member = parser.nextName(); member != null; member = parser.nextName()) {
                        parser.nextToken();
                        if (member.equals("id")) {
                            id = parser.getString();
                        } else if (member.equals("payload")) {
                            found = slice(parser);
                        } else {
                            parser.skipChildren();
                        }
                    }
                }
                default -> parser.skipChildren();
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || type == null || topic == null) {
            throw new IllegalStateException("not a publish");
        }
        return new Request.Publish(
                requestId, topic, id, null, null, Map.of(), null, null, null, found, null, false, null);
    }

    private byte[] slice(JsonParser parser) {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        int to = (int) parser.currentLocation().getByteOffset();
        return Arrays.copyOfRange(text, from, to);
    }
}
