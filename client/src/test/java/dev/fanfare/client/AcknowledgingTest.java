package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ScriptedServer.Peer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What an acknowledged subscription says, against a server that does what a test says.
class AcknowledgingTest extends ScriptedDeliveries {

    @Test
    void asksForWhatItWasTold() throws Exception {
        CompletableFuture.runAsync(() -> client.subscribe("a", Acknowledging.group("g"), listener));
        assertThat(server.nextPeer().take())
                .endsWith("\"ack\":\"manual\",\"group\":\"g\",\"max_in_flight\":100,\"ack_timeout_ms\":30000,"
                        + "\"retry\":{\"max_attempts\":5,\"backoff_ms\":1000,\"multiplier\":2.0,"
                        + "\"max_backoff_ms\":60000,\"jitter\":0.0}}");
        CompletableFuture.runAsync(() -> client.subscribe(
                "a",
                Acknowledging.durable("d")
                        .withWindow(7)
                        .withTimeout(Duration.ofSeconds(2))
                        .withRetry(new RetryPolicy(3, Duration.ZERO, 1.5, Duration.ofMillis(5), 0.25))
                        .withDeadLetter("lost")
                        .buryingExpired()
                        .inOrder()
                        .withCircuitBreaker(CircuitBreaker.defaults()
                                .withFailureRate(10)
                                .withSlowCalls(Duration.ofSeconds(1), 20)
                                .withWindow(3, 30)
                                .withWaitWhileOpen(Duration.ofSeconds(4))
                                .withTrialCalls(2)),
                Start.earliest(),
                Selection.types("t"),
                listener));
        assertThat(server.nextPeer().take())
                .contains("\"types\":[\"t\"]")
                .endsWith("\"ack\":\"manual\",\"durable\":\"d\",\"max_in_flight\":7,\"ack_timeout_ms\":2000,"
                        + "\"retry\":{\"max_attempts\":3,\"backoff_ms\":0,\"multiplier\":1.5,\"max_backoff_ms\":5,"
                        + "\"jitter\":0.25},\"dead_letter\":\"lost\",\"expired\":\"dead_letter\",\"ordered\":true,"
                        + "\"circuit_breaker\":{\"failure_rate\":10,\"slow_call_ms\":1000,\"slow_call_rate\":20,"
                        + "\"minimum_calls\":3,\"window\":30,\"wait_ms\":4000,\"trial_calls\":2},"
                        + "\"from\":\"earliest\"}");
    }

    @Test
    void acknowledgesWhatIsHandledAndSaysWhatFailed() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        peer.send(event(1, "throw", 1));
        assertThat(peer.take())
                .startsWith(said("nack", 1, ",\"reason\":\"java.lang.Exception: half a pair: ? long")
                        .replaceFirst("}$", ""))
                .hasSizeLessThan(1_200);
        peer.send(event(2, "error", 1));
        assertThat(peer.take())
                .isEqualTo(said("nack", 2, ",\"reason\":\"java.lang.AssertionError: as the test asked for\""));
        // An attempt that comes after later messages is handled, too.
        peer.send(event(1, "y", 2));
        assertThat(peer.take()).isEqualTo(said("ack", 1, ""));
        assertThat(deliveries).extracting(Delivery::attempt).containsExactly(1, 1, 1, 2);
    }

    @Test
    void aDeliveryCanBeFailedWithADelayOrForGood() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "later", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 0, ",\"delay_ms\":3000"));
        peer.send(event(1, "nack", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 1, ""));
        peer.send(event(2, "never", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 2, ",\"dead\":true,\"reason\":\"no such customer\""));
        peer.send(event(3, "busy", 1));
        assertThat(peer.take())
                .isEqualTo(said("nack", 3, ",\"delay_ms\":0,\"reason\":\"java.lang.IllegalStateException: busy\""));
        assertThat(counted).containsExactly(true, true, true, false);
        // A delivery that its listener has returned from is acknowledged.
        peer.send(event(4, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 4, ""));
        Delivery handled = deliveries.stream().toList().getLast();
        assertThat(handled.nack(Duration.ofSeconds(1))).isFalse();
        assertThat(handled.reject("too late")).isFalse();
        assertThat(peer.hasHeardNothing()).isTrue();
    }

    @Test
    void delaysAreOfSevenDaysAtMost() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "wait", 1));
        Delivery delivery = next();
        assertThatThrownBy(() -> delivery.nack(Duration.ofDays(8))).hasMessageContaining("delay must be 0 ms to seven");
        assertThatThrownBy(() -> delivery.nack(Duration.ofMillis(-1), new Exception("x")))
                .hasMessageContaining("delay must be");
        released.countDown();
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
    }

    @Test
    void acknowledgementsThatWaitLeaveTogether() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g").withWindow(1_000));
        peer.send(event(0, "wait", 1));
        for (int i = 1; i < 1_000; i++) {
            peer.send(event(i, i % 100 == 99 ? "nack" : "x", 1));
        }
        released.countDown();
        Pattern ack = Pattern.compile(".*\"type\":\"ack\".*\"epoch\":\"e\",\"offsets?\":\\[?([0-9,]+)\\]?\\}");
        List<Long> acknowledged = new ArrayList<>();
        int frames = 0;
        int failures = 0;
        while (acknowledged.size() + failures < 1_000) {
            String said = peer.take();
            Matcher done = ack.matcher(said);
            if (done.matches()) {
                frames++;
                Stream.of(done.group(1).split(",", -1)).map(Long::valueOf).forEach(acknowledged::add);
            } else {
                assertThat(said).contains("\"type\":\"nack\"");
                failures++;
            }
        }
        assertThat(failures).isEqualTo(10);
        assertThat(acknowledged)
                .containsExactlyElementsOf(LongStream.range(0, 1_000)
                        .filter(offset -> offset % 100 != 99)
                        .boxed()
                        .toList());
        assertThat(frames).isLessThan(990);
    }

    @Test
    void whatComesAgainAfterAReconnectIsHandledAgain() throws Exception {
        Peer peer = subscribed("a", Acknowledging.durable("d"));
        peer.send(event(5, "wait", 1));
        next();
        peer.drop();
        released.countDown();
        Peer again = server.nextPeer();
        assertThat(again.take()).contains("\"durable\":\"d\"", "\"since\":{\"epoch\":\"e\",\"offset\":5}");
        again.send(ack(2, "e", 0, ""));
        again.send(event(5, "x", 2));
        // The first acknowledgement went down with its connection, and not out on the new one.
        assertThat(again.take()).isEqualTo(said("ack", 5, ""));
        assertThat(again.hasHeardNothing()).isTrue();
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.Resumed(true, 0));
    }

    @Test
    void withoutANameItAsksAgainForWhatItWasNotDoneWith() throws Exception {
        Peer peer = subscribed("a", Acknowledging.unnamed().withRetry(2, Duration.ZERO, Duration.ZERO));
        peer.send(event(0, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        peer.send(event(1, "nack", 2));
        peer.send(event(2, "never", 1));
        peer.send(event(3, "publish", 1));
        peer.send(event(4, "nack", 1));
        peer.send("{\"type\":\"ack\",\"request_id\":\"t1\",\"status\":\"ok\",\"results\":[]}");
        peer.send(event(5, "x", 1));
        for (String said = peer.take(); !said.contains("\"offset\":5"); said = peer.take()) {
            assertThat(said).isNotEqualTo("END");
        }
        peer.drop();
        Peer again = server.nextPeer();
        // Those that were used up and rejected are done with, and so is what the transaction acknowledged.
        assertThat(again.take())
                .contains("\"ack\":\"manual\",\"max_in_flight\"", "\"since\":{\"epoch\":\"e\",\"offset\":3}");
        again.send(ack(2, "e", 4, ",\"recovered\":true"));
        again.send(event(4, "publish", 1));
        assertThat(again.take()).contains("\"request_id\":\"t2\"");
        again.send(event(5, "x", 1));
        assertThat(again.take()).isEqualTo(said("ack", 5, ""));
        again.drop();
        Peer third = server.nextPeer();
        // The answer to the transaction went down with the connection.
        assertThat(third.take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":3}");
        third.send(ack(3, "e", 8, ",\"recovered\":false"));
        third.send(event(8, "x", 1));
        assertThat(third.take()).isEqualTo(said("ack", 8, ""));
        third.drop();
        assertThat(server.nextPeer().take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":8}");
        assertThat(notices)
                .filteredOn(notice -> notice instanceof Notice.Resumed)
                .containsExactly(new Notice.Resumed(true, 0), new Notice.Resumed(false, 3));
    }

    @Test
    void withoutANameWhatCantComeAgainIsNotAskedFor() throws Exception {
        Peer peer = subscribed("a", Acknowledging.unnamed());
        peer.send(event(0, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        // Its time to live is over before it would be delivered again,
        peer.send(event(1, "nack", 1, ",\"ttl_ms\":1"));
        // and what the server is done with for another reason is no more in hand.
        peer.send(event(2, "publish", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 1, ""));
        assertThat(peer.take()).contains("\"request_id\":\"t1\"");
        peer.send("{\"type\":\"error\",\"request_id\":\"t1\",\"error\":{\"code\":\"BAD_REQUEST\",\"message\":"
                + "\"ack[0]: the message with offset 2 is not in hand: it was not delivered here\"}}");
        long heard = System.nanoTime();
        int offset = 3;
        for (; System.nanoTime() - heard < 1_000_000 || offset < 5; offset++) {
            peer.send(event(offset, "x", 1));
            assertThat(peer.take()).isEqualTo(said("ack", offset, ""));
        }
        peer.send(event(offset, "nack", 1, ",\"ttl_ms\":3600000"));
        peer.take();
        peer.drop();
        assertThat(server.nextPeer().take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":" + (offset - 1) + "}");
    }

    @Test
    void withoutANameWhatWaitedBehindItsKeyIsAskedForAndWhatIsDoneNotHandledAgain() throws Exception {
        Peer peer = subscribed("a", Acknowledging.unnamed());
        // 1 and 4 wait on the server: one of their key is before them.
        for (int offset : List.of(0, 2, 3, 5)) {
            peer.send(event(offset, "x", 1));
            assertThat(peer.take()).isEqualTo(said("ack", offset, ""));
        }
        peer.send(event(6, "never", 1));
        assertThat(peer.take()).contains("\"dead\":true");
        peer.drop();
        Peer again = server.nextPeer();
        assertThat(again.take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":0}");
        again.send(ack(2, "e", 1, ",\"recovered\":true"));
        for (int offset = 1; offset <= 7; offset++) {
            if (offset != 4) {
                again.send(event(offset, "again", 1));
                assertThat(again.take()).isEqualTo(said("ack", offset, ""));
            }
        }
        // A dead letter that somebody sends back is no repeat.
        again.send(event(6, "back", 1));
        assertThat(again.take()).isEqualTo(said("ack", 6, ""));
        again.drop();
        Peer third = server.nextPeer();
        assertThat(third.take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":3}");
        // Nothing but 4 can have been missed.
        third.send(ack(3, "e", 8, ",\"recovered\":false"));
        third.send(event(8, "x", 1));
        assertThat(third.take()).isEqualTo(said("ack", 8, ""));
        assertThat(deliveries)
                .extracting(each -> each.event().position().offset())
                .containsExactly(0L, 2L, 3L, 5L, 6L, 1L, 7L, 6L, 8L);
        third.drop();
        assertThat(server.nextPeer().take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":8}");
        assertThat(notices)
                .filteredOn(notice -> notice instanceof Notice.Resumed)
                .containsExactly(new Notice.Resumed(true, 0), new Notice.Resumed(false, 1));
    }

    @Test
    void withoutANameWhatDoesNotComeForVeryLongIsNotWaitedFor() throws Exception {
        Peer peer = subscribed("a", Acknowledging.unnamed());
        peer.send(event(0, "x", 1));
        peer.take();
        peer.send(event(20_000, "x", 1));
        peer.take();
        peer.drop();
        Peer again = server.nextPeer();
        assertThat(again.take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":10000}");
        again.send(ack(2, "e", 10_001, ",\"recovered\":true"));
        again.send(event(20_000, "x", 1));
        assertThat(again.take()).isEqualTo(said("ack", 20_000, ""));
        assertThat(deliveries).hasSize(2);
    }

    @Test
    void withAFilterWhatDoesNotComeIsNotAskedFor() throws Exception {
        CompletableFuture<Subscription> subscribing = CompletableFuture.supplyAsync(
                () -> client.subscribe("a", Acknowledging.unnamed(), Start.latest(), Selection.types("t"), listener));
        Peer peer = server.nextPeer();
        clientId = peer.take().replaceFirst(".*\"client_id\":\"([^\"]+)\".*", "$1");
        peer.send(ack(1, "e", 0, ""));
        subscribing.get(10, TimeUnit.SECONDS);
        peer.send(event(3, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 3, ""));
        peer.send(event(7, "nack", 1));
        assertThat(peer.take()).isEqualTo(said("nack", 7, ""));
        peer.send(event(9, "x", 1));
        assertThat(peer.take()).isEqualTo(said("ack", 9, ""));
        peer.drop();
        Peer again = server.nextPeer();
        assertThat(again.take()).contains("\"since\":{\"epoch\":\"e\",\"offset\":6}");
        again.send(ack(2, "e", 7, ",\"recovered\":true"));
        again.send(event(7, "x", 1));
        again.send(event(9, "x", 1));
        assertThat(again.take()).contains("\"offset");
        assertThat(next().event().position().offset()).isEqualTo(3);
        assertThat(next().event().position().offset()).isEqualTo(7);
        assertThat(next().event().position().offset()).isEqualTo(9);
        assertThat(next().event().position().offset()).isEqualTo(7);
        assertThat(deliveries).isEmpty();
    }

    @Test
    void saysWhatWasLostWhenItsNameWas() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.drop();
        Peer again = server.nextPeer();
        again.send(ack(2, "e", 9, ",\"recovered\":false"));
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.Resumed(false, -1));
        again.drop();
        server.nextPeer().send(ack(3, "f", 0, ""));
        assertThat(notice()).isInstanceOf(Notice.ConnectionLost.class);
        assertThat(notice()).isEqualTo(new Notice.MadeAnew("a"));
    }

    @Test
    void anAcknowledgementThatIsRefusedDoesNotExplainTheEndOfTheConnection() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send("{\"type\":\"error\",\"error\":{\"code\":\"NOT_SUBSCRIBED\",\"message\":\"too late\"}}");
        peer.send(event(0, "x", 1));
        peer.take();
        peer.drop();
        assertThat(notice()).asString().doesNotContain("too late");
    }

    @Test
    void endsWhenSomebodyElseTakesItOverOrTheServerEndsIt() throws Exception {
        Peer peer = subscribed("a", Acknowledging.durable("d"));
        peer.send("{\"type\":\"info\",\"topic\":\"a\",\"client_id\":\"c\",\"msg\":\"subscription_taken_over\"}");
        assertThat(notice()).isEqualTo(new Notice.Ended("somebody else has taken the subscription over"));
        assertThat(peer.take()).isEqualTo("CLOSE");
        peer = subscribed("a", Acknowledging.durable("d"));
        peer.send("{\"type\":\"info\",\"topic\":\"a\",\"client_id\":\"c\",\"msg\":\"subscription_ended\"}");
        assertThat(notice()).isEqualTo(new Notice.Ended("the subscription was ended"));
        peer = subscribed("a", Acknowledging.group("g"));
        peer.send("{\"type\":\"error\",\"topic\":\"a\",\"client_id\":\"c\","
                + "\"error\":{\"code\":\"FORBIDDEN\",\"message\":\"not any more\"}}");
        assertThat(notice()).isEqualTo(new Notice.Ended("FORBIDDEN: not any more"));
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    @Test
    void closingAcknowledgesWhatIsBeingHandledAndNothingElse() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.sendBoth(event(0, "wait", 1), event(1, "x", 1));
        next();
        subscription.close();
        released.countDown();
        assertThat(peer.take()).isEqualTo(said("ack", 0, ""));
        assertThat(peer.take()).isEqualTo("CLOSE");
        assertThat(deliveries).isEmpty();
    }

    @Test
    void whatFailsBecauseItIsClosedHasNotFailed() throws Exception {
        Peer peer = subscribed("a", Acknowledging.group("g"));
        peer.send(event(0, "wait and throw", 1));
        next();
        subscription.close();
        released.countDown();
        assertThat(peer.take()).isEqualTo("CLOSE");
    }

    @Test
    void boundsAreChecked() {
        assertThatThrownBy(() -> Acknowledging.group("")).hasMessageContaining("needs a name");
        assertThat(Acknowledging.unnamed().name()).isNull();
        Acknowledging good = Acknowledging.durable("d");
        assertThatThrownBy(() -> good.withWindow(0)).hasMessageContaining("window must be 1 to 10000, but is 0");
        assertThatThrownBy(() -> good.withTimeout(Duration.ZERO)).hasMessageContaining("timeout");
        assertThatThrownBy(() -> good.withTimeout(Duration.ofDays(8))).hasMessageContaining("seven days");
        assertThatThrownBy(() -> good.withRetry(0, Duration.ZERO, Duration.ZERO))
                .hasMessageContaining("attempts must be 1 to 1000000, but are 0");
        assertThatThrownBy(() -> good.withRetry(1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("mostDelay");
        RetryPolicy policy = RetryPolicy.defaults();
        assertThatThrownBy(() -> policy.withMultiplier(Double.NaN)).hasMessageContaining("multiplier must be 1 to");
        assertThatThrownBy(() -> policy.withJitter(1.1)).hasMessageContaining("jitter must be 0 to 1, but is 1.1");
        CircuitBreaker breaker = CircuitBreaker.defaults();
        assertThatThrownBy(() -> breaker.withFailureRate(101)).hasMessageContaining("failureRate must be 1 to 100");
        assertThatThrownBy(() -> breaker.withWindow(5, 4)).hasMessageContaining("minimumCalls must be 1 to 4");
        assertThatThrownBy(() -> breaker.withWaitWhileOpen(Duration.ZERO)).hasMessageContaining("waitWhileOpen");
    }
}
