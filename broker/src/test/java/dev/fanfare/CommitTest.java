package dev.fanfare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.PublishResult.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// Whoever waits for a commit hears of it in the order in which they asked.
class CommitTest {

    private final Commit commit = new Commit();
    private final List<String> heard = new ArrayList<>();

    @Test
    void whoAskedFirstHearsFirst() {
        commit.onDone(_ -> heard.add("first"));
        commit.onDone(_ -> heard.add("second"));
        assertThat(commit.isDone()).isFalse();
        commit.finish(null);
        commit.onDone(_ -> heard.add("late"));
        assertThat(heard).containsExactly("first", "second", "late");
        assertThat(commit.isDone()).isTrue();
    }

    @Test
    void whoAsksWhileOthersHearComesAfterThem() {
        commit.onDone(_ -> {
            commit.onDone(_ -> heard.add("third"));
            heard.add("first");
        });
        commit.onDone(_ -> heard.add("second"));
        commit.finish(null);
        assertThat(heard).containsExactly("first", "second", "third");
    }

    @Test
    void whatOneThrowsKeepsNobodyFromHearing() {
        commit.onDone(_ -> {
            throw new AssertionError("thrown by the test");
        });
        commit.onDone(failure -> heard.add(failure == null ? "" : failure.reason()));
        commit.finish(new Refused(ErrorCode.INTERNAL, "no room"));
        assertThat(heard).containsExactly("no room");
    }

    @Test
    void whatIsKnownDoesNotChange() {
        commit.finish(null);
        commit.finish(new Refused(ErrorCode.INTERNAL, "too late"));
        commit.onDone(failure -> heard.add(String.valueOf(failure)));
        assertThat(commit.await()).isNull();
        assertThat(heard).containsExactly("null");
    }

    @Test
    void threadsThatWaitAreTold() throws Exception {
        Refused refused = new Refused(ErrorCode.INTERNAL, "no room");
        CountDownLatch begun = new CountDownLatch(1);
        FutureTask<Refused> waiting = new FutureTask<>(() -> {
            begun.countDown();
            return commit.await();
        });
        Thread.startVirtualThread(waiting);
        begun.await();
        assertThat(waiting.state()).isEqualTo(Future.State.RUNNING);
        commit.finish(refused);
        assertThat(waiting.get()).isSameAs(refused);
        assertThat(commit.await()).isSameAs(refused);
    }

    @Test
    void anInterruptedThreadDoesNotKnow() {
        Thread.currentThread().interrupt();
        assertThat(commit.await())
                .isNotNull()
                .satisfies(told -> assertThat(told.reason()).contains("interrupted"));
        assertThat(Thread.interrupted()).isTrue();
    }
}
