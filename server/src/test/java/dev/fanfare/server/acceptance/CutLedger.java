package dev.fanfare.server.acceptance;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the members of one subscription or group have heard and said, and what was wrong with it. The message
/// with number n has offset n. Any thread.
final class CutLedger {

    private final String name;
    private final int partitions;

    /// Said to be done, whether or not the server has heard it.
    private final BitSet told = new BitSet();

    /// Known by the server to be done: it answered.
    private final BitSet done = new BitSet();

    /// Given up by a member, whether or not the server has heard it.
    private final BitSet rejected = new BitSet();

    private final Map<Integer, Integer> failures = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();
    private int heard;

    /// @param partitions how many lanes the keys share; 0 when each has its own
    CutLedger(String name, int partitions) {
        this.name = name;
        this.partitions = partitions;
    }

    /// Those with the same one come one after the other; null when others don't matter.
    private @Nullable Object lane(int number) {
        String key = CutConnectionsTest.key(number);
        return key == null || partitions == 0 ? key : Math.floorMod(key.hashCode() ^ key.hashCode() >>> 16, partitions);
    }

    /// A member is given a message.
    synchronized void hear(int number) {
        heard++;
        if (done.get(number)) {
            wrong.add(number + " came to " + name + " after its acknowledgement");
        }
        Object lane = lane(number);
        for (int before = 0; lane != null && before < number; before++) {
            if (lane.equals(lane(before)) && !isSettled(before)) {
                wrong.add(number + " of " + lane + " came to " + name + " before " + before + " was done");
            }
        }
    }

    private boolean isSettled(int number) {
        return told.get(number)
                || rejected.get(number)
                || failures.getOrDefault(number, 0) >= CutConnectionsTest.ATTEMPTS;
    }

    /// A member is about to acknowledge these.
    synchronized void tell(List<Integer> numbers) {
        numbers.forEach(told::set);
    }

    /// The server has answered.
    synchronized void confirm(List<Integer> numbers) {
        numbers.forEach(done::set);
    }

    /// A member is about to fail on it.
    synchronized void fail(int number) {
        failures.merge(number, 1, Integer::sum);
    }

    /// A member is about to give it up.
    synchronized void reject(int number) {
        rejected.set(number);
    }

    /// A dead letter has come back: it may be done now.
    synchronized void redriven(int number) {
        told.clear(number);
        rejected.clear(number);
        failures.remove(number);
    }

    /// Looks at a dead letter.
    synchronized void dead(int number, String reason) {
        boolean foreseen = reason.equals("rejected")
                ? rejected.get(number)
                : failures.getOrDefault(number, 0) >= CutConnectionsTest.ATTEMPTS;
        if (!foreseen || done.get(number)) {
            wrong.add(number + " is a dead letter of " + name + " (" + reason + ") after " + failures.get(number)
                    + " failures");
        }
    }

    synchronized int heard() {
        return heard;
    }

    /// Those that nobody said anything final about.
    synchronized List<Integer> open(int total) {
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < total; i++) {
            if (!isSettled(i)) {
                open.add(i);
            }
        }
        return open;
    }

    synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }
}
