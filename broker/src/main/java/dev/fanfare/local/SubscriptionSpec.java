package dev.fanfare.local;

import dev.fanfare.BatchHandler;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Dispatch;
import dev.fanfare.Filter;
import dev.fanfare.Handler;
import dev.fanfare.Message;
import dev.fanfare.Overflow;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.feed.Pattern;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All that a subscription is made with.
///
/// @param queue the most messages that wait for it
/// @param delivery null to follow the topic's
/// @param each what is called with one message; exactly one of `each`, `batch` and `intake` is not null
/// @param batch what is called with several
/// @param intake what takes messages over that have to be acknowledged
/// @param filter which messages it wants; null: all
/// @param onError hears what the handler throws; null: it is logged
/// @param onEnd hears once why it ended
public record SubscriptionSpec(
        Pattern pattern,
        String name,
        Dispatch dispatch,
        Start start,
        int queue,
        Overflow overflow,
        @Nullable DeliveryStrategy delivery,
        @Nullable Handler each,
        @Nullable BatchHandler batch,
        @Nullable Intake intake,
        @Nullable Filter filter,
        @Nullable BiConsumer<? super Message, ? super Throwable> onError,
        Consumer<? super SubscriptionEnd> onEnd) {}
