package dev.fanfare.topic;

import java.util.concurrent.ThreadLocalRandom;

/// What tells the lifetimes of topics apart. Any thread.
final class Epochs {

    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static final int LENGTH = 8;

    private Epochs() {}

    /// One that no topic has had, as far as chance goes.
    static String next() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder epoch = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            epoch.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
        }
        return epoch.toString();
    }
}
