package dev.fanfare.client;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Writes what an acknowledged subscription says. Stateless, any thread.
final class AckFrames {

    /// Servers take as many characters.
    private static final int REASON_MAX = 1_000;

    private AckFrames() {}

    /// The part of a subscribe.
    static void terms(JsonGenerator json, Acknowledging how) {
        json.writeStringProperty("ack", "manual");
        if (how.name() != null) {
            json.writeStringProperty(how.shared() ? "group" : "durable", how.name());
        }
        json.writeNumberProperty("max_in_flight", how.window());
        json.writeNumberProperty("ack_timeout_ms", how.timeout().toMillis());
        json.writeObjectPropertyStart("retry");
        json.writeNumberProperty("max_attempts", how.retry().attempts());
        json.writeNumberProperty("backoff_ms", how.retry().firstDelay().toMillis());
        json.writeNumberProperty("multiplier", how.retry().multiplier());
        json.writeNumberProperty("max_backoff_ms", how.retry().mostDelay().toMillis());
        json.writeNumberProperty("jitter", how.retry().jitter());
        json.writeEndObject();
        if (how.deadLetter() != null) {
            json.writeStringProperty("dead_letter", how.deadLetter());
        }
        if (how.buriesExpired()) {
            json.writeStringProperty("expired", "dead_letter");
        }
        if (how.ordered()) {
            json.writeBooleanProperty("ordered", true);
        }
        if (how.circuitBreaker() != null) {
            breaker(json, how.circuitBreaker());
        }
    }

    private static void breaker(JsonGenerator json, CircuitBreaker breaker) {
        json.writeObjectPropertyStart("circuit_breaker");
        json.writeNumberProperty("failure_rate", breaker.failureRate());
        json.writeNumberProperty("slow_call_ms", breaker.slowCall().toMillis());
        json.writeNumberProperty("slow_call_rate", breaker.slowCallRate());
        json.writeNumberProperty("minimum_calls", breaker.minimumCalls());
        json.writeNumberProperty("window", breaker.window());
        json.writeNumberProperty("wait_ms", breaker.waitWhileOpen().toMillis());
        json.writeNumberProperty("trial_calls", breaker.trialCalls());
        json.writeEndObject();
    }

    /// @param offsets at least one
    static String ack(String clientId, String topic, String epoch, List<Long> offsets) {
        return Frames.write(json -> {
            begin(json, "ack", clientId, topic, epoch);
            if (offsets.size() == 1) {
                json.writeNumberProperty("offset", offsets.getFirst());
            } else {
                json.writeArrayPropertyStart("offsets");
                offsets.forEach(json::writeNumber);
                json.writeEndArray();
            }
            json.writeEndObject();
        });
    }

    /// Publishes and acknowledges, all or nothing.
    static String transaction(
            String requestId, String clientId, Event event, List<Transaction.Part> parts, Compression compression) {
        return Frames.transaction(requestId, parts, compression, json -> {
            json.writeArrayPropertyStart("ack");
            json.writeStartObject();
            place(json, clientId, event.topic(), event.position().epoch());
            json.writeNumberProperty("offset", event.position().offset());
            json.writeEndObject();
            json.writeEndArray();
        });
    }

    /// @param delay null for that of the subscription
    /// @param reason null for none
    static String nack(String clientId, Event event, @Nullable Duration delay, @Nullable String reason) {
        return nack(clientId, event, json -> {
            if (delay != null) {
                json.writeNumberProperty("delay_ms", delay.toMillis());
            }
            if (reason != null) {
                json.writeStringProperty("reason", sendable(reason));
            }
        });
    }

    static String reject(String clientId, Event event, String reason) {
        return nack(clientId, event, json -> {
            json.writeBooleanProperty("dead", true);
            json.writeStringProperty("reason", sendable(reason));
        });
    }

    private static String nack(String clientId, Event event, Frames.Writing how) {
        return Frames.write(json -> {
            begin(json, "nack", clientId, event.topic(), event.position().epoch());
            json.writeNumberProperty("offset", event.position().offset());
            how.to(json);
            json.writeEndObject();
        });
    }

    private static void begin(JsonGenerator json, String type, String clientId, String topic, String epoch) {
        json.writeStartObject();
        json.writeStringProperty("type", type);
        place(json, clientId, topic, epoch);
    }

    private static void place(JsonGenerator json, String clientId, String topic, String epoch) {
        json.writeStringProperty("topic", topic);
        json.writeStringProperty("client_id", clientId);
        json.writeStringProperty("epoch", epoch);
    }

    private static String sendable(String reason) {
        String cut = reason.length() > REASON_MAX ? reason.substring(0, REASON_MAX) : reason;
        // Half a pair of surrogates is no text that can be sent: it becomes a question mark.
        return new String(cut.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
