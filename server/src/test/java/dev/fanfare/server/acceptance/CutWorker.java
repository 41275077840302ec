package dev.fanfare.server.acceptance;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/// A member that works on messages, fails now and then, and whose connection is cut at random: between two
/// frames, inside of one, with a reset or by hanging up. It comes back until it is told to stop.
final class CutWorker implements Runnable {

    private static final int NEVER = Integer.MAX_VALUE;

    private final RunningServer server;
    private final String how;
    private final CutLedger ledger;
    private final Random random;
    private final BooleanSupplier calm;
    private final BooleanSupplier over;

    /// What it has in hand, and the attempts.
    private final Map<Integer, JsonNode> hand = new TreeMap<>();

    private int requests;

    /// How many frames it sends before its connection is cut.
    private int left;

    /// @param how the fields with which it subscribes
    /// @param calm whether connections are cut and attempts fail no more
    CutWorker(
            RunningServer server, String how, CutLedger ledger, long seed, BooleanSupplier calm, BooleanSupplier over) {
        this.server = server;
        this.how = how;
        this.ledger = ledger;
        this.random = new Random(seed);
        this.calm = calm;
        this.over = over;
    }

    /// Its connection is gone.
    private static final class Cut extends RuntimeException {
        @java.io.Serial
        private static final long serialVersionUID = 1;
    }

    @Override
    public void run() {
        while (!over.getAsBoolean()) {
            hand.clear();
            left = calm.getAsBoolean() ? NEVER : 1 + random.nextInt(40);
            try (WireClient client = server.connect()) {
                request(client, "{\"type\":\"subscribe\",\"topic\":\"cuts\",\"client_id\":\"c\"" + how);
                while (!over.getAsBoolean()) {
                    work(client);
                }
            } catch (Cut again) {
                // By this worker itself.
            }
        }
    }

    private void work(WireClient client) {
        request(client, "{\"type\":\"ping\"");
        if (hand.isEmpty()) {
            LockSupport.parkNanos(1_000_000);
            return;
        }
        List<Integer> done = new ArrayList<>();
        for (int number : List.copyOf(hand.keySet())) {
            if (random.nextInt(4) == 0) {
                // Later.
                continue;
            }
            hand.remove(number);
            if (calm.getAsBoolean()) {
                done.add(number);
            } else if (number % CutConnectionsTest.EVERY_SLOW == 3) {
                LockSupport.parkNanos(CutConnectionsTest.SLOW.toNanos());
                done.add(number);
            } else if (number % 40 == 19) {
                ledger.reject(number);
                request(client, settle("nack", "\"offset\":" + number + ",\"dead\":true,\"reason\":\"no good\""));
            } else if (number % 40 == 7 || random.nextInt(12) == 0) {
                ledger.fail(number);
                request(client, settle("nack", "\"offset\":" + number + ",\"delay_ms\":" + random.nextInt(3)));
            } else {
                done.add(number);
            }
        }
        if (!done.isEmpty()) {
            ledger.tell(done);
            request(client, settle("ack", "\"offsets\":" + done));
            ledger.confirm(done);
        }
    }

    private static String settle(String type, String more) {
        return "{\"type\":\"" + type + "\",\"topic\":\"cuts\",\"client_id\":\"c\"," + more;
    }

    /// Sends a request, or a part of it, and takes in what comes until it is answered.
    private void request(WireClient client, String open) {
        String id = "r" + requests++;
        byte[] frame = Frames.text(open + ",\"request_id\":\"" + id + "\"}");
        if (left != NEVER && left-- <= 0 && !calm.getAsBoolean()) {
            cut(client, frame);
        }
        try {
            client.bytes(frame);
            while (true) {
                JsonNode said = client.json();
                switch (said.path("type").stringValue()) {
                    case "event" -> hear(said);
                    case "ack", "pong" -> {
                        if (said.path("request_id").stringValue("").equals(id)) {
                            return;
                        }
                        throw new AssertionError("an answer to nothing: " + said);
                    }
                    // Somebody else has the durable name now.
                    case "info" -> throw new Cut();
                    default -> throw new AssertionError("said: " + said + " to " + open);
                }
            }
        } catch (UncheckedIOException hungUp) {
            throw new AssertionError("the server hung up on " + open, hungUp);
        }
    }

    private void hear(JsonNode event) {
        int number = event.path("message").path("payload").intValue();
        if (event.path("offset").intValue() != number) {
            throw new AssertionError("number " + number + " at another place: " + event);
        }
        ledger.hear(number);
        hand.put(number, event);
    }

    private void cut(WireClient client, byte[] frame) {
        switch (random.nextInt(4)) {
            case 0 -> client.reset();
            case 1 -> client.close();
            case 2 -> {
                // The server may or may not hear it.
                client.bytes(frame);
                client.reset();
            }
            default -> {
                client.bytes(Arrays.copyOf(frame, random.nextInt(frame.length)));
                client.reset();
            }
        }
        throw new Cut();
    }
}
