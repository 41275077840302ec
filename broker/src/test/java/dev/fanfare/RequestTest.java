package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.time.VirtualTimers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Requests and their replies: commands with one handler, queries with many, and what happens when nobody answers.
class RequestTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final VirtualTimers timers = new VirtualTimers();
    private Broker broker = Broker.open(BrokerConfig.defaults().withTimers(timers));

    @AfterEach
    void close() {
        broker.close();
    }

    private CompletableFuture<Message> ask(String text) {
        return broker.request("t", Message.text(text), SECOND);
    }

    private static void fails(CompletableFuture<?> future, ErrorCode code, String... words) {
        assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(FanfareException.class, e -> {
                    assertThat(e.code()).isEqualTo(code);
                    List.of(words).forEach(word -> assertThat(e.getMessage()).contains(word));
                });
    }

    private LinkedBlockingQueue<Message> hearing(String topic) {
        var heard = new LinkedBlockingQueue<Message>();
        broker.subscribe(topic, heard::add);
        return heard;
    }

    private static Message next(LinkedBlockingQueue<Message> heard) throws InterruptedException {
        return Objects.requireNonNull(heard.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void aCommandHasAResult() {
        broker.onCommand("t", command -> Message.text("did " + command.text()));
        Message result = ask("it").join();
        assertThat(result.text()).isEqualTo("did it");
        assertThat(result.failure()).isNull();
        assertThat(result.offset()).isEqualTo(-1);
        assertThat(broker.pendingRequests()).isZero();
        assertThat(timers.pending()).isZero();
    }

    @Test
    void theReplyCarriesTheCorrelationOfTheRequest() {
        broker.onCommand("t", command -> Message.text("x"));
        Message request = Message.text("x").withReply(null, "c7");
        assertThat(broker.request("t", request, SECOND).join().correlationId()).isEqualTo("c7");
    }

    @Test
    void aTopicHasOneHandlerOfCommands() {
        Subscription first = broker.onCommand("t", command -> Message.text("first"));
        assertThatThrownBy(() -> broker.onCommand("t", command -> command))
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_REACHED))
                .hasMessageContaining("'t'");
        first.close();
        broker.onCommand("t", command -> Message.text("second"));
        assertThat(ask("x").join().text()).isEqualTo("second");
    }

    @Test
    void aHandlerThatFailsIsToldAndCounted() {
        broker.onCommand("t", command -> {
            throw new IllegalStateException("out of stock");
        });
        fails(ask("x"), ErrorCode.FAILED, "out of stock");
        List<Message> all = broker.requestAll("t", Message.text("x"), SECOND, 1).join();
        assertThat(all.getFirst().failure()).isEqualTo("out of stock");
    }

    @Test
    void nobodyThereIsToldAtOnceAndNothingIsAppended() {
        Topic topic = broker.createTopic("t");
        fails(ask("x"), ErrorCode.NO_RESPONDERS, "'t'");
        var heard = hearing("*");
        fails(ask("x"), ErrorCode.NO_RESPONDERS);
        assertThat(topic.visible()).isZero();
        assertThat(heard).isEmpty();
        assertThat(timers.pending()).isZero();
        broker.onQuery("t", query -> Message.text("now")).close();
        fails(ask("x"), ErrorCode.NO_RESPONDERS);
    }

    @Test
    void whoDoesNotReplyInTimeIsNotWaitedFor() throws InterruptedException {
        var heard = hearing("t");
        CompletableFuture<Message> answer = ask("x");
        Message request = next(heard);
        timers.advance(SECOND.minusMillis(1));
        assertThat(answer).isNotDone();
        timers.advance(Duration.ofMillis(1));
        fails(answer, ErrorCode.TIMEOUT, "'t'", "1000 ms");
        assertThat(broker.stats().requestTimeouts()).isEqualTo(1);
        PublishResult late = broker.reply(request, Message.text("late"));
        assertThat(((PublishResult.Refused) late).code()).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
        assertThat(broker.pendingRequests()).isZero();
    }

    @Test
    void theFirstReplyCountsAndTheAddressIsGone() throws InterruptedException {
        var heard = hearing("t");
        CompletableFuture<Message> answer = ask("x");
        Message request = next(heard);
        assertThat(request.replyTo()).matches("\\$reply/[A-Za-z0-9_-]{24}");
        assertThat(broker.reply(request, Message.text("one"))).isInstanceOf(PublishResult.Accepted.class);
        assertThat(broker.reply(request, Message.text("two"))).isInstanceOf(PublishResult.Refused.class);
        assertThat(answer.join().text()).isEqualTo("one");
        assertThat(broker.topic(String.valueOf(request.replyTo()))).isEmpty();
        assertThat(broker.topics()).hasSize(1);
    }

    @Test
    void everyRequestHasAnotherAddress() throws InterruptedException {
        var heard = hearing("t");
        ask("1");
        ask("2");
        assertThat(next(heard).replyTo()).isNotEqualTo(next(heard).replyTo());
    }

    @Test
    void aQueryMayHaveManyAnswers() throws InterruptedException {
        for (String name : List.of("a", "b", "c")) {
            broker.onQuery("t", query -> Message.text(name));
        }
        CompletableFuture<List<Message>> three = broker.requestAll("t", Message.text("who"), SECOND, 3);
        assertThat(three.join()).extracting(Message::text).containsExactlyInAnyOrder("a", "b", "c");

        var heard = hearing("quiet");
        CompletableFuture<List<Message>> all = broker.requestAll("quiet", Message.text("who"), SECOND);
        Message request = next(heard);
        broker.reply(request, Message.text("one"));
        broker.reply(request, Message.text("two"));
        timers.advance(SECOND);
        assertThat(all.join()).extracting(Message::text).containsExactly("one", "two");
        fails(broker.requestAll("nobody", Message.text("who"), SECOND), ErrorCode.NO_RESPONDERS);
    }

    @Test
    void aRequestIsNotReplayedAfterItsTimeout() throws InterruptedException {
        var heard = hearing("t");
        ask("x");
        next(heard);
        timers.advance(SECOND);
        assertThat(broker.topic("t").orElseThrow().read(0, 10, 1_000)).isEmpty();
    }

    @Test
    void aShorterTimeToLiveStays() throws InterruptedException {
        var heard = hearing("t");
        broker.request("t", Message.text("x").withTtl(Duration.ofMillis(5)), SECOND);
        assertThat(next(heard).ttlMillis()).isEqualTo(5);
        broker.request("t", Message.text("x").withTtl(Duration.ofHours(5)), SECOND);
        assertThat(next(heard).ttlMillis()).isEqualTo(1_000);
    }

    @Test
    void howManyMayWaitIsBounded() {
        broker.close();
        broker = Broker.open(BrokerConfig.defaults().withTimers(timers).withPending(new Pending(0, 0, 2)));
        hearing("t");
        List<CompletableFuture<Message>> waiting = new ArrayList<>(List.of(ask("1"), ask("2")));
        fails(ask("3"), ErrorCode.LIMIT_REACHED, "max-requests", "2 requests");
        timers.advance(SECOND);
        waiting.forEach(each -> fails(each, ErrorCode.TIMEOUT));
        assertThat(ask("4")).isNotDone();
    }

    @Test
    void aRepeatedRequestIsRefused() {
        broker.createTopic("t", TopicConfig.defaults().dedup(SECOND, 10));
        broker.onCommand("t", command -> command);
        Message request = Message.text("x").withId("id");
        broker.request("t", request, SECOND).join();
        fails(broker.request("t", request, SECOND), ErrorCode.BAD_REQUEST, "id of this request");
    }

    @Test
    void closingTellsWhoWaits() {
        hearing("t");
        CompletableFuture<Message> answer = ask("x");
        broker.close();
        fails(answer, ErrorCode.SHUTTING_DOWN);
        fails(ask("x"), ErrorCode.SHUTTING_DOWN);
    }

    @Test
    void repliesMayGoToATopicToo() throws InterruptedException {
        var answers = hearing("answers");
        var heard = hearing("t");
        broker.publish("t", Message.text("x").withReply("answers", "c"));
        broker.reply(next(heard), Message.text("y"));
        Message answer = next(answers);
        assertThat(answer.correlationId()).isEqualTo("c");
        assertThat(answer.offset()).isZero();
        broker.publish("t", "no reply wanted");
        PublishResult refused = broker.reply(next(heard), Message.text("y"));
        assertThat(((PublishResult.Refused) refused).code()).isEqualTo(ErrorCode.BAD_REQUEST);
    }

    @Test
    void whatHangsOnAReplyHoldsUpNobody() {
        broker.onCommand("t", command -> command);
        CompletableFuture<String> chained =
                ask("a").thenApply(first -> ask("b").join().text());
        assertThat(chained.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo("b");
    }

    @Test
    void whatCanNotBeAskedIsRefused() {
        broker.onCommand("t", command -> command);
        Message x = Message.text("x");
        fails(broker.request("t", x, Duration.ZERO), ErrorCode.BAD_REQUEST, "1 ms to 24 hours");
        fails(broker.request("t", x, Duration.ofDays(2)), ErrorCode.BAD_REQUEST);
        fails(broker.request("t", x.withDelay(SECOND), SECOND), ErrorCode.BAD_REQUEST, "delayed");
        fails(broker.requestAll("t", x, SECOND, 0), ErrorCode.BAD_REQUEST, "at least one");
        fails(broker.request("a*", x, SECOND), ErrorCode.BAD_REQUEST);
        assertThat(broker.publish("$reply/guessed", "x")).isInstanceOf(PublishResult.Refused.class);
    }

    @Test
    void aRequestToARedirectedTopicAsksWhoHearsTheTarget() throws Exception {
        broker.routes().add(Route.redirect("moved", "old", "new"));
        broker.onCommand("new", request -> Message.text("from the new one"));
        assertThat(broker.request("old", Message.text("?"), Duration.ofSeconds(20))
                        .get(20, TimeUnit.SECONDS)
                        .text())
                .isEqualTo("from the new one");
        broker.subscribe("elsewhere", message -> {});
        broker.routes().add(Route.redirect("away", "elsewhere", "nobody"));
        broker.createTopic("nobody");
        assertThat(broker.request("elsewhere", Message.text("?"), Duration.ofSeconds(20)))
                .failsWithin(20, TimeUnit.SECONDS)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        FanfareException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_RESPONDERS));
    }

    @Test
    void everyReplyThatWasAcceptedIsHeardHoweverManyComeAtOnce() throws Exception {
        for (int round = 0; round < 200; round++) {
            String topic = "many" + round;
            BlockingQueue<Message> asked = new LinkedBlockingQueue<>();
            broker.subscribe(topic, asked::add);
            var replies = broker.requestAll(topic, Message.text("?"), Duration.ofSeconds(20), 2);
            Message request = Objects.requireNonNull(asked.poll(20, TimeUnit.SECONDS));
            var one = CompletableFuture.supplyAsync(() -> broker.reply(request, Message.text("1")));
            var two = CompletableFuture.supplyAsync(() -> broker.reply(request, Message.text("2")));
            assertThat(one.get(20, TimeUnit.SECONDS)).isInstanceOf(PublishResult.Accepted.class);
            assertThat(two.get(20, TimeUnit.SECONDS)).isInstanceOf(PublishResult.Accepted.class);
            assertThat(replies.get(20, TimeUnit.SECONDS)).hasSize(2);
        }
    }
}
