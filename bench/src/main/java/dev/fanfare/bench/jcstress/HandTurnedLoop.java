package dev.fanfare.bench.jcstress;

import dev.fanfare.server.feed.Loop;
import io.netty.channel.EventLoop;
import java.lang.reflect.Proxy;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// An event loop whose turns the actors of a test take themselves.
final class HandTurnedLoop {

    private final ConcurrentLinkedQueue<Runnable> turns = new ConcurrentLinkedQueue<>();
    final Loop loop = new Loop((EventLoop) Proxy.newProxyInstance(
            EventLoop.class.getClassLoader(), new Class<?>[] {EventLoop.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("execute")) {
                    turns.add((Runnable) arguments[0]);
                }
                // Timers never run out here.
                return method.getName().equals("inEventLoop") ? true : null;
            }));

    /// Takes one turn, if one has been asked for.
    void turn() {
        Runnable next = turns.poll();
        if (next != null) {
            next.run();
        }
    }

    /// Takes turns until none is asked for, and answers how many.
    int turnsLeft() {
        int taken = 0;
        for (@Nullable Runnable next = turns.poll(); next != null; next = turns.poll()) {
            next.run();
            taken++;
        }
        return taken;
    }
}
