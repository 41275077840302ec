package dev.fanfare.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.Request.Malformed;
import dev.fanfare.protocol.Request.Publish;
import dev.fanfare.protocol.Request.Subscribe;

/// A codec of the standard dialect, and how tests ask it.
abstract class StandardDecoding {

    static final String ID = "550e8400-e29b-41d4-a716-446655440000";

    final StandardCodec codec = new StandardCodec(StandardCodec.MessageIds.UUID, 64);
    final StandardCodec anyId = new StandardCodec(StandardCodec.MessageIds.ANY, 64);

    Request decode(String text) {
        return decode(codec, text);
    }

    static Request decode(Codec codec, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return codec.decode(bytes, 0, bytes.length);
    }

    String refusal(String text) {
        return refusal(decode(text));
    }

    static String refusal(Request request) {
        assertThat(request).isInstanceOf(Malformed.class);
        WireError error = ((Malformed) request).error();
        assertThat(error.code().standard()).isEqualTo("BAD_REQUEST");
        return error.message();
    }

    Publish publish(String message, String more) {
        return (Publish) decode("{\"type\":\"publish\",\"topic\":\"orders\",\"message\":" + message + more + "}");
    }

    static String payload(Publish publish) {
        return new String(publish.payload(), UTF_8);
    }

    Subscribe subscribe(String topic, String more) {
        return (Subscribe) decode(subscription(topic, more));
    }

    static String subscription(String topic, String more) {
        return "{\"type\":\"subscribe\",\"topic\":\"" + topic + "\",\"client_id\":\"c\"" + more + "}";
    }
}
