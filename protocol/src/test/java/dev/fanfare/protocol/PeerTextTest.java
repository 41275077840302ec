package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Texts that a peer chose: what is passed on or told back must be text, and is not told back at any length.
class PeerTextTest extends StandardDecoding {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'ping','request_id':'a\\ud800'}",
                "{'type':'ping','request_id':'\\ude00\\ud83d'}",
                "{'type':'subscribe','topic':'t\\udfff','client_id':'c'}",
                "{'type':'subscribe','topic':'t','client_id':'\\ud800x'}",
                "{'type':'publish','topic':'t','message':{'payload':1,'key':'\\ud800'}}",
                "{'type':'publish','topic':'t','message':{'payload':1,'type':'\\ud800'}}",
                "{'type':'publish','topic':'t','message':{'payload':1,'reply_to':'\\ud800'}}",
                "{'type':'publish','topic':'t','message':{'payload':1,'correlation_id':'\\ud800'}}",
                "{'type':'publish','topic':'t','message':{'payload':1,'headers':{'\\ud800':'x'}}}",
                "{'type':'publish','topic':'t','message':{'payload':1,'headers':{'x':'\\ud800'}}}",
            })
    void halfACharacterIsNoText(String text) {
        assertThat(refusal(text.replace('\'', '"')))
                .contains("well-formed Unicode")
                .contains("lone surrogate U+D");
    }

    @Test
    void aPairIsACharacterAndAPayloadStaysAsItWasWritten() {
        assertThat(decode("{\"type\":\"ping\",\"request_id\":\"a\\ud83d\\ude00\"}"))
                .isEqualTo(new Request.Ping("a😀"));
        assertThat(payload(publish("{\"payload\":\"\\ud800\"}", ""))).isEqualTo("\"\\ud800\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"subscribe", "unsubscribe"})
    void aClientIdHoldsNoControlCharacters(String type) {
        assertThat(refusal("{\"type\":\"" + type + "\",\"topic\":\"t\",\"client_id\":\"a\\nb\"}"))
                .isEqualTo("client_id must not hold control characters");
    }

    @Test
    void namesAreQuotedWholeAndAnythingLongerIsCut() {
        assertThat(Excerpt.of("😀".repeat(256))).isEqualTo("😀".repeat(256));
        assertThat(Excerpt.of("😀".repeat(257))).isEqualTo("😀".repeat(256) + "...");
        assertThat(Excerpt.of("x".repeat(900_000))).isEqualTo("x".repeat(256) + "...");
        assertThat(refusal("{\"type\":\"subscribe\",\"topic\":\"t\",\"client_id\":\"c\",\"batch\":{\""
                        + "n".repeat(9_000) + "\":1}}"))
                .hasSizeLessThan(400)
                .contains("nnn...");
    }
}
