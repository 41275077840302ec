package dev.fanfare.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.Broker;
import dev.fanfare.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// What a subscription gets, in order.
final class Heard {

    private final LinkedBlockingQueue<Message> messages = new LinkedBlockingQueue<>();

    private Heard() {}

    static Heard on(Broker broker, String pattern) {
        Heard heard = new Heard();
        broker.subscribe(pattern, heard.messages::add);
        return heard;
    }

    Message next() throws InterruptedException {
        Message message = messages.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("a message came").isNotNull();
        return message;
    }

    List<Message> next(int count) throws InterruptedException {
        List<Message> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            found.add(next());
        }
        return found;
    }

    List<String> texts(int count) throws InterruptedException {
        return next(count).stream().map(Message::text).toList();
    }

    boolean isEmpty() {
        return messages.isEmpty();
    }
}
