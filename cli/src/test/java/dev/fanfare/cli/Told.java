package dev.fanfare.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What the clients of a server asked for, what they were told and what they saw, to be compared with what
/// the server has after it was killed. Threads share it.
final class Told {

    /// A message's place.
    record Place(String epoch, long offset) {}

    /// A message that the server has; `of` is the member of that name in its payload.
    record Stored(String id, @Nullable String key, long of, Instant at) {}

    /// All that the server has of a topic, from offset 0.
    record Log(String epoch, List<Stored> messages) {}

    /// A message of a transaction.
    record Part(String topic, String id) {}

    /// Of a topic.
    private static final class Topic {
        private final Set<String> sent = new HashSet<>();
        private final Map<String, Place> stored = new HashMap<>();
        private final Set<String> refused = new HashSet<>();
        private final Map<Long, String> seen = new TreeMap<>();
        private @Nullable String epoch;
    }

    private record Attempt(int number, int round) {}

    /// Of a durable subscription or a group.
    private static final class Consumer {
        private final Map<Long, Integer> done = new TreeMap<>();
        private final Set<Long> delivered = new TreeSet<>();
        private final Set<Long> acknowledged = new TreeSet<>();
        private final Set<Long> rejected = new TreeSet<>();
        private final Set<Long> redriven = new TreeSet<>();
        private final Map<Long, Attempt> attempts = new HashMap<>();
    }

    private final Map<String, Topic> topics = new TreeMap<>();
    private final Map<String, Consumer> consumers = new TreeMap<>();
    private final Map<String, String> made = new TreeMap<>();
    private final Map<String, String> epochs = new HashMap<>();
    private final List<List<Part>> transactions = new ArrayList<>();
    private final Map<String, Instant> scheduled = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();
    private long answers;
    private int round;

    private Topic topic(String name) {
        return topics.computeIfAbsent(name, _ -> new Topic());
    }

    private Consumer consumer(String name) {
        return consumers.computeIfAbsent(name, _ -> new Consumer());
    }

    // ---- what clients say and hear

    /// The server has been started once more.
    synchronized void nextRound() {
        round++;
    }

    /// Something must not have been.
    synchronized void wrong(String what) {
        wrong.add("round " + round + ": " + what);
        notifyAll();
    }

    /// What was wrong until now.
    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    /// What has this name is about to be made or ended.
    synchronized void unsure(String name) {
        made.remove(name);
    }

    /// It is there, a topic in this epoch; empty when it is gone.
    synchronized void made(String name, String epoch) {
        answered();
        made.put(name, epoch);
        String other = epoch.isEmpty() ? null : epochs.putIfAbsent(epoch, name);
        if (other != null && !other.equals(name)) {
            wrong("the epoch " + epoch + " is that of " + other + " and of " + name);
        }
    }

    /// Whether what has a name is there as was said last.
    synchronized List<String> compareMade(Map<String, String> there) {
        made.forEach((name, epoch) -> {
            if (!epoch.equals(there.get(name))) {
                wrong(name + " has the epoch '" + there.get(name) + "', and it was said to be '" + epoch + "'");
            }
        });
        return List.copyOf(wrong);
    }

    /// A message is about to be published.
    synchronized void sent(String topic, String id) {
        topic(topic).sent.add(id);
    }

    /// The messages of a transaction are about to be published.
    synchronized void sent(List<Part> transaction) {
        transactions.add(transaction);
        transaction.forEach(part -> sent(part.topic(), part.id()));
    }

    /// Its publish was acknowledged.
    synchronized void stored(String topic, String id, Place place) {
        answered();
        topic(topic).refused.remove(id);
        Place before = topic(topic).stored.put(id, place);
        if (before != null && !before.equals(place)) {
            wrong(id + " was acknowledged at " + before + " and at " + place + " of " + topic);
        }
    }

    /// The answer to its publish, which should be its place.
    void answered(String topic, String id, JsonNode said) {
        if (said.path("type").asString().equals("ack")) {
            stored(topic, id, CrashClients.place(said));
        } else {
            refused(topic, id);
            wrong("a publish to " + topic + " was refused: " + said);
        }
    }

    /// Its publish was refused.
    synchronized void refused(String topic, String id) {
        answered();
        topic(topic).refused.add(id);
    }

    /// Its publish was acknowledged, for later.
    synchronized void scheduled(String id, Instant due) {
        answered();
        scheduled.put(id, due);
    }

    /// What was sent to a topic and not answered.
    synchronized Set<String> unanswered(String topic) {
        Set<String> left = new TreeSet<>(topic(topic).sent);
        left.removeAll(topic(topic).stored.keySet());
        return left;
    }

    /// A subscriber heard a message.
    synchronized void seen(String topic, Place place, String id) {
        same(topic, place.epoch());
        String before = topic(topic).seen.put(place.offset(), id);
        if (before != null && !before.equals(id)) {
            wrong("offset " + place.offset() + " of " + topic + " was seen with " + before + " and with " + id);
        }
    }

    private void same(String topic, String epoch) {
        String before = topic(topic).epoch;
        if (before != null && !before.equals(epoch)) {
            wrong("the epoch of " + topic + " was " + before + " and is " + epoch);
        }
        topic(topic).epoch = epoch;
    }

    /// A durable subscription or a group got a message. Each time it does is another attempt, and no attempt is
    /// forgotten when the server is killed, but for the one under way then: the number does not rise across rounds
    /// in any case, and never falls. Those of a dead letter that was sent back are counted anew.
    synchronized void delivered(String name, JsonNode event) {
        Consumer consumer = consumer(name);
        long offset = event.path("offset").asLong();
        int attempt = event.path("delivery").path("attempt").asInt();
        consumer.delivered.add(offset);
        if (consumer.redriven.contains(offset)) {
            return;
        }
        Integer done = consumer.done.get(offset);
        if (done != null && done < round) {
            wrong("offset " + offset + " came again to " + name + ": that it was done was answered in round " + done);
        }
        Attempt before = consumer.attempts.put(offset, new Attempt(attempt, round));
        if (before != null && attempt < before.number + (before.round == round ? 1 : 0)) {
            wrong("offset " + offset + " came to " + name + " as attempt " + attempt + " after " + before);
        }
    }

    /// A dead letter is about to be sent back to the consumer that gave it up.
    synchronized void redriving(String consumer, long offset) {
        consumer(consumer).redriven.add(offset);
    }

    /// Whether an acknowledgement was sent, be it answered or not.
    synchronized boolean isAcknowledged(String consumer, long offset) {
        return consumer(consumer).acknowledged.contains(offset);
    }

    /// Whether an acknowledgement was answered.
    synchronized boolean isDone(String consumer, long offset) {
        return consumer(consumer).done.containsKey(offset);
    }

    /// It is about to acknowledge messages.
    synchronized void acknowledging(String consumer, Collection<Long> offsets) {
        consumer(consumer).acknowledged.addAll(offsets);
    }

    /// The answer to an acknowledgement.
    synchronized void done(String consumer, Collection<Long> offsets) {
        answered();
        offsets.forEach(offset -> consumer(consumer).done.putIfAbsent(offset, round));
    }

    /// The answer to a rejection: it says that it was heard, not that the dead letter is stored.
    synchronized void rejected(String consumer, long offset) {
        answered();
        consumer(consumer).rejected.add(offset);
    }

    private void answered() {
        answers++;
        notifyAll();
    }

    /// Waits for so many more answers, or until so much time has gone by.
    synchronized void await(long more, long millis) throws InterruptedException {
        long wanted = answers + more;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; answers < wanted && wrong.isEmpty() && left > 0; ) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        }
    }

    // ---- what the server has

    /// What is wrong, with what a server has that was started again.
    synchronized List<String> compare(Map<String, Log> logs) {
        logs.forEach(this::compare);
        Map<String, Set<String>> ids = new HashMap<>();
        logs.keySet().forEach(topic -> ids.put(topic, ids(logs, topic)));
        for (List<Part> transaction : transactions) {
            long there = transaction.stream()
                    .filter(part -> ids.getOrDefault(part.topic(), Set.of()).contains(part.id()))
                    .count();
            if (there != 0 && there != transaction.size()) {
                wrong("of a transaction " + there + " of " + transaction.size() + " messages are there: "
                        + transaction);
            }
        }
        return List.copyOf(wrong);
    }

    /// The ids of the messages of a topic.
    static Set<String> ids(Map<String, Log> logs, String topic) {
        Set<String> found = new HashSet<>();
        messages(logs, topic).forEach(message -> found.add(message.id()));
        return found;
    }

    private void compare(String name, Log log) {
        same(name, log.epoch());
        Topic topic = topic(name);
        List<Stored> messages = log.messages();
        topic.stored.forEach((id, place) -> {
            if (place.offset() >= messages.size()) {
                wrong(id + " was acknowledged at " + place + " of " + name + ", which ends at " + messages.size());
            } else if (!messages.get((int) place.offset()).id().equals(id)
                    || !place.epoch().equals(log.epoch())) {
                wrong(id + " was acknowledged at " + place + " of " + name + ", and there is "
                        + messages.get((int) place.offset()) + " in epoch " + log.epoch());
            }
        });
        topic.seen.forEach((offset, id) -> {
            if (offset >= messages.size()
                    || !messages.get(Math.toIntExact(offset)).id().equals(id)) {
                wrong(id + " was seen at " + offset + " of " + name + " and is not there");
            }
        });
        Set<String> once = new HashSet<>();
        for (Stored message : messages) {
            String id = message.id();
            Instant due = scheduled.get(id);
            if (!once.add(id)) {
                wrong(id + " is in " + name + " twice");
            }
            if (!topic.sent.contains(id)) {
                wrong(id + " is in " + name + ", and nobody sent it");
            }
            if (topic.refused.contains(id)) {
                wrong(id + " is in " + name + ", and was refused");
            }
            if (due != null && message.at().isBefore(due)) {
                wrong(id + " came at " + message.at() + " and was due at " + due);
            }
        }
        for (long offset = 0; offset < messages.size(); offset++) {
            topic.seen.put(offset, messages.get((int) offset).id());
        }
    }

    /// What is wrong when consumers have come to their end: each input has one output in each of the topics,
    /// those of a key in their order; what was delayed is there.
    synchronized List<String> compareAtTheEnd(
            Map<String, Log> logs, String input, List<String> outputs, String worker) {
        List<Stored> inputs = messages(logs, input);
        for (String output : outputs) {
            Map<String, Long> lastOfKey = new HashMap<>();
            Set<Long> found = new HashSet<>();
            for (Stored message : messages(logs, output)) {
                if (!found.add(message.of())) {
                    wrong("input " + message.of() + " has two outputs in " + output);
                }
                Long before = message.key() == null ? null : lastOfKey.put(message.key(), message.of());
                if (before != null && before >= message.of()) {
                    wrong("of key " + message.key() + " input " + message.of() + " is behind " + before + " in "
                            + output);
                }
            }
            for (long offset = 0; offset < inputs.size(); offset++) {
                if (!found.contains(offset)) {
                    wrong("input " + offset + " has no output in " + output);
                }
            }
        }
        for (long offset = 0; offset < inputs.size(); offset++) {
            if (!consumer(worker).delivered.contains(offset)) {
                wrong("offset " + offset + " never came to " + worker);
            }
        }
        Set<String> there = ids(logs, "later");
        scheduled.keySet().stream().filter(id -> !there.contains(id)).forEach(id -> wrong(id + " never came"));
        return List.copyOf(wrong);
    }

    /// Each message came to a durable subscription, and was acknowledged or is a dead letter.
    ///
    /// @param count of the messages
    /// @param dead the offsets in its dead letters
    synchronized void compareAuditor(String auditor, int count, Set<Long> dead) {
        Consumer audit = consumer(auditor);
        for (long offset = 0; offset < count; offset++) {
            if (!audit.delivered.contains(offset)) {
                wrong("offset " + offset + " never came to " + auditor);
            } else if (!audit.acknowledged.contains(offset) && !dead.contains(offset)) {
                wrong("offset " + offset + " was " + (audit.rejected.contains(offset) ? "rejected" : "given up")
                        + " by " + auditor + " and is no dead letter");
            }
        }
    }

    @Override
    public synchronized String toString() {
        return answers + " answers, " + transactions.size() + " transactions, " + scheduled.size() + " delayed, done "
                + consumers.values().stream().map(each -> each.done.size()).toList();
    }

    /// The messages of a topic.
    static List<Stored> messages(Map<String, Log> logs, String topic) {
        Log log = logs.get(topic);
        if (log == null) {
            throw new AssertionError("there is no topic " + topic + " any more");
        }
        return log.messages();
    }
}
