package dev.fanfare.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// The signal SIGHUP, by which services are told to read their settings anew.
///
/// Java has no public way to hear a signal. The one that there is, `sun.misc.Signal`, is looked up by its name: the
/// compiler warns of it whatever it is told.
final class Hangup {

    private Hangup() {}

    /// Has something run at each SIGHUP, which would otherwise end the process; on a thread of its own.
    ///
    /// @return false where there are no such signals
    static boolean listen(Runnable heard) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object listening = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, given) -> {
                        if (method.getName().equals("handle")) {
                            heard.run();
                        }
                        return switch (method.getName()) {
                            case "hashCode" -> System.identityHashCode(proxy);
                            case "equals" -> proxy == given[0];
                            case "toString" -> "Hangup";
                            default -> null;
                        };
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), listening);
            return true;
        } catch (ClassNotFoundException
                | NoSuchMethodException
                | InstantiationException
                | IllegalAccessException
                | InvocationTargetException notHere) {
            return false;
        }
    }
}
