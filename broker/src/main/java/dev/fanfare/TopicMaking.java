package dev.fanfare;

import dev.fanfare.PublishResult.Refused;
import dev.fanfare.topic.LiveTopic;
import dev.fanfare.topic.TopicRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Makes and deletes topics, for whoever waits until that is stored and for whoever does not. Any thread.
final class TopicMaking {

    private final TopicRegistry registry;

    TopicMaking(TopicRegistry registry) {
        this.registry = registry;
    }

    Topic create(String name, TopicConfig config) {
        LiveTopic topic = registry.create(name, config);
        Refused failure = failure(topic);
        if (failure != null) {
            throw notMade(name, failure);
        }
        return topic;
    }

    CompletableFuture<Topic> createAsync(String name, TopicConfig config) {
        try {
            LiveTopic topic = registry.create(name, config);
            return whenCommitted(topic, topic, failure -> notMade(name, failure));
        } catch (FanfareException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    boolean delete(String name) {
        LiveTopic topic = registry.delete(name);
        Refused failure = topic == null ? null : failure(topic);
        if (failure != null) {
            throw notGone(name, failure);
        }
        return topic != null;
    }

    CompletableFuture<Boolean> deleteAsync(String name) {
        LiveTopic topic = registry.delete(name);
        return topic == null
                ? CompletableFuture.completedFuture(false)
                : whenCommitted(topic, true, failure -> notGone(name, failure));
    }

    private static @Nullable Refused failure(LiveTopic topic) {
        Commit commit = topic.committed();
        return commit == null ? null : commit.await();
    }

    private static <T> CompletableFuture<T> whenCommitted(
            LiveTopic topic, T result, Function<Refused, FanfareException> failed) {
        Commit commit = topic.committed();
        if (commit == null) {
            return CompletableFuture.completedFuture(result);
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        commit.onDone(failure -> {
            if (failure == null) {
                future.complete(result);
            } else {
                future.completeExceptionally(failed.apply(failure));
            }
        });
        return future;
    }

    private FanfareException notMade(String name, Refused failure) {
        registry.delete(name);
        return failure.because("topic '" + name + "' was not made: " + failure.reason())
                .exception();
    }

    private static FanfareException notGone(String name, Refused failure) {
        return new FanfareException(
                failure.code(), "topic '" + name + "' is deleted, but not yet in the store: " + failure.reason());
    }
}
