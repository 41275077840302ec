package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/// Topics, routes and durable names that are made and ended again and again: what was answered last holds.
final class CrashNames implements CrashPart {

    private static final int NAMES = 5;
    private static final String HOME = "home";

    private final Told told;

    CrashNames(Told told) {
        this.told = told;
    }

    @Override
    public Map<String, String> topics() {
        return Map.of(HOME, "\"durability\":\"written\"");
    }

    @Override
    public void start(CrashClients clients) {
        Wire wire = clients.wire(_ -> {});
        Random own = clients.random();
        clients.work(wire, () -> {
            int number = own.nextInt(NAMES);
            try {
                switch (own.nextInt(3)) {
                    case 0 -> topic(clients.url(), "brief." + number);
                    case 1 -> route(clients.url(), "route-" + number);
                    default -> durable(clients.url(), "name-" + number);
                }
            } catch (IOException killed) {
                wire.awaitEnd();
            }
        });
    }

    private void topic(String url, String name) throws IOException, InterruptedException {
        told.unsure(name);
        answered(Wire.rest("POST", url + "/topics", "{\"name\":\"" + name + "\",\"durable\":true}"), 201, 409);
        told.made(name, epoch(url, name));
        told.unsure(name);
        answered(Wire.rest("POST", url + "/topics/" + name + "/messages", "{\"payload\":1}"), 200);
        answered(Wire.rest("DELETE", url + "/topics/" + name, ""), 200);
        told.made(name, "");
    }

    private void route(String url, String name) throws IOException, InterruptedException {
        String route = "{\"name\":\"" + name + "\",\"from\":\"" + name + "\",\"to\":[\"" + HOME + "\"]}";
        told.unsure(name);
        answered(Wire.rest("POST", url + "/routes", route), 201, 409);
        told.made(name, name);
        told.unsure(name);
        answered(Wire.rest("DELETE", url + "/routes/" + name, ""), 200);
        told.made(name, "");
    }

    private void durable(String url, String name) throws IOException, InterruptedException {
        told.unsure(name);
        try (Wire wire = new Wire(url, _ -> {})) {
            JsonNode said = wire.ask(Map.of(
                            "type", "subscribe", "topic", HOME, "client_id", name, "ack", "manual", "durable", name))
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
            assertThat(said.path("type").asString()).as("%s", said).isEqualTo("ack");
        } catch (CompletionException | UncheckedIOException gone) {
            throw new IOException(gone);
        }
        told.made(name, name);
        told.unsure(name);
        answered(Wire.rest("DELETE", url + "/subscriptions/" + name, ""), 200);
        told.made(name, "");
    }

    private void answered(JsonNode answer, int... codes) {
        for (int code : codes) {
            if (answer.path("status_code").asInt() == code) {
                return;
            }
        }
        told.wrong("a call was answered with " + answer);
    }

    /// The epoch of a topic; empty when there is none.
    private static String epoch(String url, String topic) throws IOException, InterruptedException {
        return Wire.rest("GET", url + "/topics/" + topic, "").path("epoch").asString("");
    }

    @Override
    public void compare(String url) throws Exception {
        Map<String, String> there = new TreeMap<>();
        for (int i = 0; i < NAMES; i++) {
            there.put("brief." + i, epoch(url, "brief." + i));
            there.put("route-" + i, "");
            there.put("name-" + i, "");
        }
        for (JsonNode route : Wire.rest("GET", url + "/routes", "").path("routes")) {
            there.replace(route.path("name").asString(), route.path("name").asString());
        }
        for (JsonNode each : Wire.rest("GET", url + "/subscriptions", "").path("subscriptions")) {
            there.replace(each.path("name").asString(), each.path("name").asString());
        }
        told.compareMade(there);
    }
}
