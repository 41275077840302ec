package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Topic;
import java.util.List;

/// What happened to the messages of one topic, by one model; or by all.
final class Tally {
    long delivered;
    long failed;
    long deadLettered;
    long expired;

    /// The figures of a topic are the sums of those of its subscriptions.
    ///
    /// @param leftOut how many were left out when it was read, because they were too old
    static void verify(Topic topic, List<BacklogModel> models, long leftOut) {
        Tally sum = new Tally();
        sum.expired = leftOut;
        long maybeDead = 0;
        long maybeExpired = 0;
        for (BacklogModel model : models) {
            Tally one = model.tally(topic);
            long maybe = model.maybeExpired(topic);
            sum.delivered += one.delivered;
            sum.failed += one.failed;
            sum.deadLettered += one.deadLettered + (model.buriesExpired() ? one.expired : 0);
            maybeDead += model.buriesExpired() ? maybe : 0;
            sum.expired += one.expired;
            maybeExpired += maybe;
        }
        String what = " of " + topic.name() + " " + topic.epoch();
        assertThat(topic.counters().delivered()).as("delivered" + what).isEqualTo(sum.delivered);
        assertThat(topic.counters().failed()).as("failed" + what).isEqualTo(sum.failed);
        assertThat(topic.counters().deadLettered())
                .as("dead letters" + what)
                .isBetween(sum.deadLettered, sum.deadLettered + maybeDead);
        assertThat(topic.counters().expired()).as("expired" + what).isBetween(sum.expired, sum.expired + maybeExpired);
    }
}
