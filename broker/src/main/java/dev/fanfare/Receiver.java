package dev.fanfare;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An acknowledged subscription whose user asks for messages. Any number of threads may ask.
public interface Receiver extends AcknowledgedSubscription {

    /// The next message, waited for until there is one.
    ///
    /// @return null when the subscription has ended
    /// @throws InterruptedException when the thread was interrupted while it waited
    @Nullable
    Delivery receive() throws InterruptedException;

    /// The next message.
    ///
    /// @param atMost how long to wait for one, on the broker's clock; zero: not at all
    /// @return null when none came in time, or the subscription has ended
    /// @throws InterruptedException when the thread was interrupted while it waited
    default @Nullable Delivery receive(Duration atMost) throws InterruptedException {
        List<Delivery> one = receive(1, atMost);
        return one.isEmpty() ? null : one.getFirst();
    }

    /// The next messages: as many as are ready, once there is one.
    ///
    /// @param max at least 1
    /// @param atMost how long to wait for the first
    /// @return none when none came in time, or the subscription has ended
    /// @throws InterruptedException when the thread was interrupted while it waited
    List<Delivery> receive(int max, Duration atMost) throws InterruptedException;

    /// Acknowledges several at once, which is cheaper than one by one.
    ///
    /// @param deliveries received from this receiver
    /// @return how many counted: see [Delivery#ack]
    int ack(List<Delivery> deliveries);
}
