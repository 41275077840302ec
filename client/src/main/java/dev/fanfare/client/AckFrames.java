package dev.fanfare.client;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JsonGenerator;

/// Writes what an acknowledged subscription says. Stateless, any thread.
final class AckFrames {

    /// Servers take as many characters.
    private static final int REASON_MAX = 1_000;

    private AckFrames() {}

    /// The part of a subscribe.
    static void terms(JsonGenerator json, Acknowledging how) {
        json.writeStringProperty("ack", "manual");
        json.writeStringProperty(how.shared() ? "group" : "durable", how.name());
        json.writeNumberProperty("max_in_flight", how.window());
        json.writeNumberProperty("ack_timeout_ms", how.timeout().toMillis());
        json.writeObjectPropertyStart("retry");
        json.writeNumberProperty("max_attempts", how.attempts());
        json.writeNumberProperty("backoff_ms", how.firstDelay().toMillis());
        json.writeNumberProperty("max_backoff_ms", how.mostDelay().toMillis());
        json.writeEndObject();
        if (how.deadLetter() != null) {
            json.writeStringProperty("dead_letter", how.deadLetter());
        }
    }

    static String ack(String clientId, Event event) {
        return Frames.write(json -> {
            begin(json, "ack", clientId, event);
            json.writeEndObject();
        });
    }

    static String nack(String clientId, Event event, Throwable why) {
        return Frames.write(json -> {
            begin(json, "nack", clientId, event);
            json.writeStringProperty("reason", reason(why));
            json.writeEndObject();
        });
    }

    private static void begin(JsonGenerator json, String type, String clientId, Event event) {
        json.writeStartObject();
        json.writeStringProperty("type", type);
        json.writeStringProperty("topic", event.topic());
        json.writeStringProperty("client_id", clientId);
        json.writeStringProperty("epoch", event.position().epoch());
        json.writeNumberProperty("offset", event.position().offset());
    }

    private static String reason(Throwable why) {
        String text = why.toString();
        String cut = text.length() > REASON_MAX ? text.substring(0, REASON_MAX) : text;
        // Half a pair of surrogates is no text that can be sent: it becomes a question mark.
        return new String(cut.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
