package dev.fanfare.cli;

import static dev.fanfare.cli.InProcess.complaint;
import static dev.fanfare.cli.InProcess.printed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.Delivery;
import dev.fanfare.Message;
import dev.fanfare.Receiver;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `fanfare dead-letters` on a server in this process.
class DeadLettersTest {

    private final Broker broker = Broker.open(BrokerConfig.defaults().withBlockTimeout(Duration.ofMillis(1)));
    private final Receiver billing =
            broker.subscription("orders").name("billing").acknowledged().receive();
    private FanfareServer server;

    @BeforeEach
    void start() {
        server = FanfareServer.start(broker, ServerConfig.of(Map.of("port", "0")));
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close(Duration.ZERO);
    }

    private String url() {
        return "--url=http://127.0.0.1:" + server.port();
    }

    /// Has so many messages given up, m0 and so on.
    private void giveUp(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            broker.publish("orders", Message.text("m" + i).withId("id-" + i));
            taken().reject("no\tstock " + i);
        }
    }

    private Delivery taken() throws InterruptedException {
        Delivery delivery = billing.receive();
        assertThat(delivery).isNotNull();
        return delivery;
    }

    private List<String> offsets() {
        return printed("dead-letters", "list", "--topic=orders", "--json", url()).stream()
                .map(line -> line.replaceFirst(".*?\"offset\":(\\d+).*", "$1"))
                .toList();
    }

    @Test
    void areListedAsATable() throws Exception {
        giveUp(2);
        List<String> lines = printed("dead-letters", "list", "--topic=orders", url());
        assertThat(lines).hasSize(3);
        assertThat(lines.getFirst()).matches("OFFSET +REASON +ATTEMPTS +AT +SUBSCRIPTION +MESSAGE +LAST ERROR");
        assertThat(lines.get(1)).matches(" +0 +rejected +1 +\\d{4}-.*Z +billing +id-0 +no stock 0");
        assertThat(lines.get(2)).matches(" +1 +rejected +1 +\\d{4}-.*Z +billing +id-1 +no stock 1");
    }

    @Test
    void areListedAsLinesOfJson() throws Exception {
        giveUp(2);
        assertThat(printed("dead-letters", "list", "--topic=orders", "--json", url()))
                .hasSize(2)
                .allMatch(line -> line.startsWith("{\"offset\":") && line.endsWith("}"))
                .last()
                .asString()
                .contains("\"attempts\":1", "\"last_error\":\"no\\tstock 1\"", "\"payload\":\"m1\"");
    }

    @Test
    void aPageSaysWhereTheNextOneBegins() throws Exception {
        giveUp(3);
        InProcess first = InProcess.run("dead-letters", "list", "--topic=orders", "--limit=2", url());
        assertThat(first.output()).hasSize(3);
        assertThat(first.complaints()).containsExactly("There may be more: --from 2 goes on.");
        assertThat(first.exitCode()).isZero();
        assertThat(printed("dead-letters", "list", "--topic=orders", "--from=2", "--json", url()))
                .hasSize(1);
    }

    @Test
    void thatThereAreNoneIsSaid() {
        InProcess none = InProcess.run("dead-letters", "list", "--topic=orders", url());
        assertThat(none.exitCode()).isZero();
        assertThat(none.output()).singleElement().asString().startsWith("OFFSET");
        assertThat(none.complaints()).containsExactly("There are none from offset 0 on.");
        assertThat(printed("dead-letters", "list", "--topic=orders", "--json", url()))
                .isEmpty();
        assertThat(printed("dead-letters", "redrive", "--topic=orders", url())).containsExactly("0 redriven");
        assertThat(printed("dead-letters", "purge", "--topic=orders", url())).containsExactly("0 purged");
    }

    @Test
    void oneIsShown() throws Exception {
        giveUp(2);
        assertThat(printed("dead-letters", "show", "--topic=orders", "--offset=1", url()))
                .contains("offset        1", "last_error    no stock 1")
                .anyMatch(line -> line.startsWith("event ") && line.contains("\"payload\":\"m1\""));
        assertThat(printed("dead-letters", "show", "--topic=orders", "--offset=1", "--json", url()))
                .singleElement()
                .asString()
                .startsWith("{\"offset\":1,");
        assertThat(complaint(1, "dead-letters", "show", "--topic=orders", "--offset=2", url()))
                .isEqualTo("fanfare dead-letters show: there is no dead letter with offset 2");
    }

    @Test
    void theOnesThatArePurgedAreNotShownAnyMore() throws Exception {
        giveUp(2);
        assertThat(printed("dead-letters", "purge", "--topic=orders", url())).containsExactly("2 purged");
        giveUp(1);
        // What was given up since then keeps its own place.
        assertThat(offsets()).containsExactly("2");
        assertThat(complaint(1, "dead-letters", "show", "--topic=orders", "--offset=0", url()))
                .contains("offset 0");
        assertThat(printed("dead-letters", "purge", "--topic=orders", "--json", url()))
                .containsExactly("{\"status\":\"purged\",\"topic\":\"$dead/orders\",\"purged\":1}");
    }

    @Test
    void someAreSentBackToWhoGaveThemUp() throws Exception {
        giveUp(3);
        assertThat(printed("dead-letters", "redrive", "--topic=orders", "--offset=2,0", url()))
                .containsExactly("2 redriven");
        assertThat(List.of(taken().message().text(), taken().message().text())).containsExactlyInAnyOrder("m2", "m0");
        assertThat(offsets()).containsExactly("1");
        assertThat(printed("dead-letters", "redrive", "--topic=orders", "--json", url()))
                .containsExactly("{\"redriven\":1}");
        assertThat(taken().message().text()).isEqualTo("m1");
    }

    @Test
    void oneThatIsNotThereIsSaidWhileTheOthersGo() throws Exception {
        giveUp(1);
        InProcess run = InProcess.run("dead-letters", "redrive", "--topic=orders", "--offset=0", "--offset=7", url());
        assertThat(run.output()).containsExactly("1 redriven");
        assertThat(run.complaints()).containsExactly("fanfare dead-letters redrive: 1 of these are not there");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(taken().message().text()).isEqualTo("m0");
    }

    @Test
    void theyArePublishedToAnotherTopic() throws Exception {
        giveUp(2);
        broker.createTopic("again");
        assertThat(printed("dead-letters", "redrive", "--topic=orders", "--to=again", url()))
                .containsExactly("2 redriven");
        assertThat(broker.topic("again").orElseThrow().visible()).isEqualTo(2);
        assertThat(broker.topic("orders").orElseThrow().visible()).isEqualTo(2);
        assertThat(offsets()).isEmpty();
    }

    @Test
    void whatDoesNotGoStaysAndTheReasonIsSaid() throws Exception {
        giveUp(2);
        assertThat(complaint(1, "dead-letters", "redrive", "--topic=orders", "--to=nowhere", url()))
                .contains("'nowhere' does not exist", "404");
        broker.createTopic("narrow", TopicConfig.defaults().withBacklog(1, 1 << 20));
        broker.subscription("narrow").acknowledged().durable("slow").receive();
        InProcess run = InProcess.run("dead-letters", "redrive", "--topic=orders", "--to=narrow", url());
        assertThat(run.output()).containsExactly("1 redriven");
        assertThat(run.complaints())
                .singleElement()
                .asString()
                .startsWith("fanfare dead-letters redrive: the others stay: ")
                .contains("slow");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(offsets()).containsExactly("1");
    }

    @Test
    void whatIsWrongIsOneLineAndACode() {
        assertThat(complaint(1, "dead-letters", "list", "--topic=nix", url())).contains("'nix' does not exist", "404");
        assertThat(complaint(1, "dead-letters", "list", "--topic=orders", "--from=-1", url()))
                .contains("offset in the dead-letter topic", "'-1'", "400");
        assertThat(complaint(1, "dead-letters", "list", "--topic=orders", "--limit=0", url()))
                .contains("limit", "400");
        assertThat(complaint(2, "dead-letters", "list", url())).contains("--topic");
        assertThat(complaint(2, "dead-letters", "show", "--topic=orders", url()))
                .contains("--offset");
        assertThat(complaint(2, "dead-letters", "redrive", "--topic=orders", "--offset=two", url()))
                .contains("--offset", "two");
        assertThat(complaint(2, "dead-letters", url())).isNotBlank();
        assertThat(complaint(1, "dead-letters", "list", "--topic=orders", "--url=http://127.0.0.1:1"))
                .contains("does a server run there?");
    }
}
