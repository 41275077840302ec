package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.docs.Chromium;
import dev.fanfare.server.security.KeyFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The dashboard in a browser: what it shows is right, what it does happens, and it loads nothing that is not this
/// server's.
@Tag("browser")
class DashboardIT {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String SECRET = "what only the server and its issuer know";

    /// What is on the page twice in the same place, beside what belongs together; what touches what is above it; and
    /// whether it is wider than the screen.
    private static final String FAULTS = """
            (() => {
              const seen = [...document.querySelectorAll(
                  'main :is(button, a, input, select, textarea, h1, h2, td, th, summary), .tile, nav a, .tools > *')]
                .filter(each => each.checkVisibility() && each.getBoundingClientRect().width > 1
                    && !each.closest('.messages, .hidden'));
              const boxes = seen.map(each => each.getBoundingClientRect());
              const faults = [];
              for (let i = 0; i < seen.length; i++) for (let j = i + 1; j < seen.length; j++) {
                const [a, b] = [boxes[i], boxes[j]];
                if (!seen[i].contains(seen[j]) && !seen[j].contains(seen[i])
                    && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) {
                  faults.push(seen[i].outerHTML.slice(0, 90) + ' lies on ' + seen[j].outerHTML.slice(0, 90));
                }
              }
              const parts = [...document.querySelector('main').children]
                .filter(each => each.checkVisibility() && each.getBoundingClientRect().height > 1);
              parts.slice(1).forEach((each, i) => {
                if (each.getBoundingClientRect().top - parts[i].getBoundingClientRect().bottom < 2) {
                  faults.push(each.outerHTML.slice(0, 90) + ' touches what is above it');
                }
              });
              if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen');
              return faults.join('\\n');
            })()""";

    @TempDir
    private Path folder;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Command server;

    @SuppressWarnings("NullAway.Init") // set before each test
    private String address;

    private void serve(String... further) throws Exception {
        String[] arguments = new String[further.length + 2];
        arguments[0] = "serve";
        arguments[1] = "--memory=256MiB";
        System.arraycopy(further, 0, arguments, 2, further.length);
        server = Command.fanfare(arguments);
        address = server.lineWith("WebSocket").replaceFirst("^.*ws://(\\S+)/ws.*$", "http://$1");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void topic(String name) throws Exception {
        assertThat(Wire.rest("POST", address + "/topics", "{\"name\":\"" + name + "\"}")
                        .path("status_code")
                        .asInt())
                .isEqualTo(201);
    }

    private void publish(String topic, String payload) throws Exception {
        Wire.rest("POST", address + "/topics/" + topic + "/messages", "{\"payload\":" + payload + "}");
    }

    private Wire connect(BlockingQueue<JsonNode> heard) {
        return new Wire(address, heard::add);
    }

    // ---- what is asked of the page

    private static String text(String text) {
        return JSON.writeValueAsString(text);
    }

    /// Waits until the figure of this name is shown.
    private static void awaitTile(Chromium page, String name, String value) throws Exception {
        page.await("[...document.querySelectorAll('.tile')].some(tile => tile.children[0].textContent === " + text(name)
                + " && tile.children[1].textContent === " + text(value) + ")");
    }

    private static void awaitText(Chromium page, String text) throws Exception {
        page.await("document.querySelector('main').innerText.includes(" + text(text) + ")");
    }

    private static void click(Chromium page, String label) throws Exception {
        page.await("(() => { const button = [...document.querySelectorAll('button, a')].find(each =>"
                + " each.textContent === " + text(label) + " && !each.disabled && each.checkVisibility());"
                + " button?.click(); return !!button; })()");
    }

    private static void fill(Chromium page, String id, String value) throws Exception {
        page.await("!!document.getElementById(" + text(id) + ")");
        page.evaluate("(() => { const field = document.getElementById(" + text(id) + "); field.value = " + text(value)
                + "; field.dispatchEvent(new Event('input', {bubbles: true})); })()");
    }

    private void assertClean(Chromium page) throws Exception {
        assertThat(page.errors()).isEmpty();
        assertThat(page.requests())
                .isNotEmpty()
                .allMatch(url -> url.startsWith(address + "/") || url.startsWith(address.replace("http", "ws") + "/"));
        assertThat(page.evaluate("document.cookie").asString()).isEmpty();
    }

    // ---- the tests

    @Test
    void theFiguresAreThoseOfTheServer() throws Exception {
        serve("--port=0");
        try (Chromium page = Chromium.open(address + "/")) {
            awaitText(page, "No topics yet");
            awaitText(page, "curl -X POST " + address + "/topics");
            for (String name : List.of("orders.paid", "orders.sent", "news")) {
                topic(name);
            }
            BlockingQueue<JsonNode> heard = new LinkedBlockingQueue<>();
            try (Wire client = connect(heard)) {
                for (String pattern : List.of("orders.*", "orders.paid")) {
                    client.ask(Map.of("type", "subscribe", "topic", pattern, "client_id", "billing"))
                            .join();
                }
                for (int i = 0; i < 7; i++) {
                    publish("orders.paid", "{\"n\":" + i + "}");
                }
                awaitTile(page, "Topics", "3");
                awaitTile(page, "Subscribers", "2");
                page.await("document.querySelectorAll('.tile')[3].innerText.includes('7 in all')");
                page.await("document.querySelectorAll('.tile')[4].innerText.includes('14 in all')");
                // What was published is drawn, and so is how long it took.
                page.await("[...document.querySelectorAll('.chart')].every(chart =>"
                        + " chart.querySelector('path.line0').getAttribute('d')?.length > 0)");

                click(page, "orders.paid");
                awaitTile(page, "Messages", "7");
                awaitTile(page, "Delivered", "14");
                awaitTile(page, "Queue depth", "0");
                awaitText(page, "billing");
                awaitText(page, "orders.*");
                awaitText(page, "Nothing waits.");
                assertThat(page.evaluate("document.title").asString()).startsWith("orders.paid");
            }
            page.await("!document.querySelector('main').innerText.includes('billing')");
            assertClean(page);
        }
    }

    @Test
    void tenThousandTopicsAreSearchedAndTurnedOverByKeyboard() throws Exception {
        serve("--port=0");
        try (ExecutorService making = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 10_000; i++) {
                String name = "device.%05d.status".formatted(i);
                making.submit(() -> {
                    topic(name);
                    return null;
                });
            }
        }
        try (Chromium page = Chromium.open(address + "/")) {
            awaitTile(page, "Topics", "10,000");
            page.press("2");
            page.await("document.querySelectorAll('tbody a').length === 50");
            page.press("]");
            awaitText(page, "51 – 100");
            awaitText(page, "device.00050.status");
            page.press("[");
            awaitText(page, "device.00000.status");
            page.press("/");
            page.await("document.activeElement.id === 'search'");
            page.write("0777.");
            page.await("document.querySelectorAll('tbody a').length === 1");
            page.press("ArrowDown");
            page.await("document.activeElement.textContent === 'device.00777.status'");
            page.press("Enter");
            page.await("document.querySelector('h1').textContent === 'device.00777.status'");
            page.press("2");
            page.await("document.querySelectorAll('tbody a').length === 50");
            page.press("/");
            page.write("nowhere");
            awaitText(page, "No topic has “nowhere” in its name");
            click(page, "Show all topics");
            page.await("document.querySelectorAll('tbody a').length === 50");
            assertClean(page);
        }
    }

    @Test
    void messagesAreTailedPublishedAndHeard() throws Exception {
        serve("--port=0");
        topic("news");
        topic("orders.paid");
        try (Chromium page = Chromium.open(address + "/#/groups")) {
            awaitText(page, "No groups and no durable names");
            assertThat(page.evaluate("document.querySelector('main').innerText").asString())
                    .as("whoever comes here first may end them")
                    .doesNotContain("lack");
            page.go(address + "/#/tail");
            fill(page, "pattern", "orders.*");
            fill(page, "filter", "message.payload.amount > 100");
            click(page, "Start");
            awaitText(page, "Live");
            publish("orders.paid", "{\"amount\":7}");
            publish("orders.paid", "{\"amount\":700}");
            awaitText(page, "\"amount\":700");
            assertThat(page.evaluate("document.querySelectorAll('.messages summary').length")
                            .asInt())
                    .isEqualTo(1);
            fill(page, "filter", "message.payload.");
            click(page, "Stop");
            click(page, "Start");
            page.await("document.querySelector('.stream .wrong').textContent !== ''");

            page.go(address + "/#/try");
            page.await("document.querySelector('h1').textContent === 'Try it'");
            click(page, "Subscribe");
            awaitText(page, "Live");
            fill(page, "payload", "{\"said\": [1, 2]}");
            click(page, "Publish");
            awaitText(page, "Published: offset 0");
            awaitText(page, "{\"said\":[1,2]}");
            assertClean(page);
        }
    }

    @Test
    void deadLettersAreLookedAtAndSentBack() throws Exception {
        serve("--port=0");
        topic("orders");
        BlockingQueue<JsonNode> heard = new LinkedBlockingQueue<>();
        try (Wire client = connect(heard);
                Chromium page = Chromium.open(address + "/#/dead-letters")) {
            awaitText(page, "No dead letters");
            Map<String, Object> name = Map.of("topic", "orders", "client_id", "c", "subscription", "billing");
            client.ask(Map.of(
                            "type",
                            "subscribe",
                            "topic",
                            "orders",
                            "client_id",
                            "c",
                            "ack",
                            "manual",
                            "group",
                            "billing"))
                    .join();
            publish("orders", "{\"broken\":true}");
            assertThat(heard.poll(20, TimeUnit.SECONDS)).isNotNull();
            client.ask(with(name, Map.of("type", "nack", "offset", 0, "dead", true, "reason", "no such customer")))
                    .join();

            click(page, "orders");
            awaitText(page, "no such customer");
            page.evaluate("document.querySelector('summary').click()");
            awaitText(page, "\"broken\": true");
            page.evaluate("document.querySelector('.letter input').click()");
            click(page, "Redrive 1");
            awaitText(page, "1 sent back.");
            JsonNode again = heard.poll(20, TimeUnit.SECONDS);
            assertThat(again).isNotNull();
            assertThat(again.path("message").path("payload").path("broken").asBoolean())
                    .isTrue();
            awaitText(page, "No dead letters of orders");

            client.ask(with(
                            name,
                            Map.of("type", "nack", "offset", 0, "dead", true, "reason", "still no such customer")))
                    .join();
            awaitText(page, "still no such customer");
            click(page, "Delete all");
            answer(page, "no");
            awaitText(page, "still no such customer");
            click(page, "Delete all");
            answer(page, "yes");
            awaitText(page, "1 deleted.");
            awaitText(page, "No dead letters of orders");

            page.press("4");
            awaitText(page, "billing");
            page.await("document.querySelector('tbody tr').cells[2].textContent === '1'");
            click(page, "End");
            answer(page, "yes");
            awaitText(page, "No groups and no durable names");
            assertThat(Wire.rest("GET", address + "/subscriptions", "")
                            .path("count")
                            .asInt())
                    .isZero();
            assertClean(page);
        }
    }

    /// Answers what the page asks before something that can't be undone.
    private static void answer(Chromium page, String value) throws Exception {
        page.await("(() => { const button = document.querySelector('dialog[open] button[value=" + value
                + "]'); button?.click(); return !!button; })()");
        page.await("document.querySelector('dialog') === null");
    }

    private static Map<String, Object> with(Map<String, Object> some, Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(some);
        all.putAll(more);
        return all;
    }

    @Test
    void whoLacksARightIsToldAndCanNotDoIt() throws Exception {
        Path keys = folder.resolve("keys.yaml");
        KeyFile file = new KeyFile(keys);
        String reader = file.create("looks", "reader", Instant.now());
        String admin = file.create("does", "admin", Instant.now());
        Path rules = folder.resolve("rules.yaml");
        Files.writeString(rules, """
                - {who: role:reader, may: [subscribe, observe], topics: "news.**"}
                """);
        Path secret = folder.resolve("secret.yaml");
        Files.writeString(secret, "secret: " + SECRET + "\n");
        serve("--port=0", "--keys=" + keys, "--rules=" + rules, "--token-keys=" + secret, "--token-role=role");
        try (Chromium page = Chromium.open(address + "/")) {
            page.await("document.querySelector('h1')?.textContent === 'Sign in'");
            fill(page, "secret", "ff_guess");
            click(page, "Sign in");
            awaitText(page, "Not let in");
            signIn(page, admin);
            page.go(address + "/#/topics");
            fill(page, "new-topic", "news.local");
            click(page, "Make topic");
            page.await("document.querySelector('h1').textContent === 'news.local'");
            page.await("[...document.querySelectorAll('button')].find(each =>"
                    + " each.textContent === 'Delete topic').disabled === false");

            click(page, "Sign out");
            signIn(page, reader);
            page.await("[...document.querySelectorAll('button')].find(each =>"
                    + " each.textContent === 'Delete topic')?.disabled");
            awaitText(page, "needs the right “manage”");
            page.go(address + "/#/try?topic=news.local");
            awaitText(page, "You lack the right to publish on this topic.");
            page.await("[...document.querySelectorAll('button')].find(each =>"
                    + " each.textContent === 'Publish').disabled");
            click(page, "Subscribe");
            awaitText(page, "Live");

            click(page, "Sign out");
            page.await("document.querySelector('h1')?.textContent === 'Sign in'");
            page.evaluate("document.getElementById('kind').value = 'token'");
            signIn(page, token("reader"));
            page.go(address + "/#/topics/news.local");
            awaitText(page, "needs the right “manage”");

            assertThat(page.evaluate("document.cookie + localStorage.length").asString())
                    .isIn("0", "1");
            assertThat(page.requests()).noneMatch(url -> url.contains(reader) || url.contains(admin));
            assertThat(page.errors()).allMatch(error -> error.contains("401"));
        }
    }

    private static String token(String role) throws Exception {
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        String claims = "{\"sub\":\"somebody\",\"role\":\"" + role + "\",\"exp\":"
                + Instant.now().plusSeconds(600).getEpochSecond() + "}";
        String signed = encoder.encodeToString("{\"alg\":\"HS256\"}".getBytes(StandardCharsets.US_ASCII)) + "."
                + encoder.encodeToString(claims.getBytes(StandardCharsets.US_ASCII));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        return signed + "." + encoder.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private static void signIn(Chromium page, String key) throws Exception {
        page.await("document.querySelector('h1')?.textContent === 'Sign in'");
        fill(page, "secret", key);
        click(page, "Sign in");
        page.await("document.querySelector('h1')?.textContent !== 'Sign in'");
    }

    @Test
    void aServerThatIsGoneIsToldAndComesBack() throws Exception {
        serve("--port=0");
        topic("news");
        try (Chromium page = Chromium.open(address + "/")) {
            awaitTile(page, "Topics", "1");
            server.close();
            page.await("document.getElementById('banner').innerText.includes('does not answer')");
            page.await("document.getElementById('link').textContent === 'Server gone'");
            serve("--port=" + address.replaceFirst("^.*:", ""));
            page.await("document.getElementById('banner').hidden");
            page.await("document.getElementById('link').textContent === 'Connected'");
            awaitTile(page, "Topics", "0");
            awaitText(page, "No topics yet");
            topic("again");
            awaitTile(page, "Topics", "1");
            assertThat(page.errors()).allMatch(error -> error.contains("ERR_"));
        }
    }

    @Test
    void nothingLiesOnSomethingElseOnAnyScreen() throws Exception {
        serve("--port=0");
        for (String name : List.of("orders.paid", "a.topic.with.a.rather.long.name.that.has.to.go.somewhere", "news")) {
            topic(name);
            publish(name, "{\"text\":\"" + "x".repeat(500) + "\"}");
        }
        try (Chromium page = Chromium.open(address + "/")) {
            for (int width : List.of(360, 768, 1280)) {
                page.resize(width, 800);
                for (String view : List.of(
                        "", "topics", "topics/orders.paid", "pressure", "groups", "dead-letters", "tail", "try")) {
                    page.go(address + "/#/" + view);
                    page.await("document.querySelector('main h1') !== null && document.querySelector('nav a["
                            + "aria-current]').getAttribute('href') === " + text("#/" + view.replaceFirst("/.*", "")));
                    page.await("document.getElementById('link').textContent === 'Connected'");
                    assertThat(page.evaluate(FAULTS).asString())
                            .as("%s at %s", view, width)
                            .isEmpty();
                }
            }
            for (String scheme : List.of("light", "dark")) {
                page.colours(scheme);
                assertThat(page.evaluate("getComputedStyle(document.body).backgroundColor")
                                .asString())
                        .isEqualTo(scheme.equals("dark") ? "rgb(21, 19, 17)" : "rgb(250, 248, 245)");
            }
            page.press("t");
            assertThat(page.evaluate("getComputedStyle(document.body).backgroundColor")
                            .asString())
                    .isEqualTo("rgb(250, 248, 245)");
            assertClean(page);
        }
    }
}
