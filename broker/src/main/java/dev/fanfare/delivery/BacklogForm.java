package dev.fanfare.delivery;

import dev.fanfare.Filter;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a durable subscription or group is stored: what its name stands for, and how long it stays. What is code
/// of the program (a predicate, a retry policy of its own) can't be stored: whoever comes back brings it along.
///
/// @param number its number in the store
/// @param pattern what it hears
/// @param terms what has to be the same for whoever comes back, in words, by what it is; and whose it is
/// @param createdMillis when it was begun
/// @param leftMillis when its last member left; 0 while there is one
/// @param expiry how long it stays without a member
record BacklogForm(
        int number,
        Kind kind,
        String pattern,
        Map<String, String> terms,
        long createdMillis,
        long leftMillis,
        Duration expiry) {

    private static final int FORM = 1;
    private static final String BURIES_EXPIRED = "making dead letters of what has expired";
    private static final String OWNER = "owner";
    private static final String OF_THE_PROGRAM = "one of the program's own";

    /// @param owner whose it is; null: nobody's
    static BacklogForm of(int number, Kind kind, Terms terms, @Nullable String owner, long nowMillis) {
        Map<String, String> words = words(terms);
        if (owner != null) {
            words.put(OWNER, owner);
        }
        return new BacklogForm(number, kind, terms.pattern().text(), words, nowMillis, 0, terms.expiry());
    }

    /// Whose it is; null: nobody's.
    @Nullable
    String owner() {
        return terms.get(OWNER);
    }

    private static Map<String, String> words(Terms terms) {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("topic or pattern", terms.pattern().text());
        Filter filter = terms.filter();
        words.put("filter", filter == null ? "none" : filter.words().orElse(OF_THE_PROGRAM));
        words.put("retry policy", word(terms.retry()));
        words.put("dead-letter topic", String.valueOf(terms.deadLetter()));
        words.put("discarding what is given up", String.valueOf(terms.discards()));
        words.put(BURIES_EXPIRED, String.valueOf(terms.buriesExpired()));
        words.put("order", String.valueOf(terms.ordered()));
        words.put("circuit breaker", word(terms.circuitBreaker()));
        return words;
    }

    /// What a value says of itself, if it is one that says the same in every process.
    private static String word(@Nullable Object value) {
        if (value == null) {
            return "none";
        }
        String text = value.toString();
        boolean tells = value instanceof Record && !text.contains("$$Lambda") && !text.contains("@");
        return tells ? text : OF_THE_PROGRAM;
    }

    /// In what these terms differ from what is stored; empty when in nothing.
    String difference(Kind wantedKind, Terms wanted) {
        if (wantedKind != kind) {
            return "it is " + kind.label() + ", not " + wantedKind.label();
        }
        StringBuilder found = new StringBuilder();
        words(wanted).forEach((what, word) -> {
            // What was stored before this could be chosen says nothing about it.
            String mine = what.equals(BURIES_EXPIRED) ? terms.getOrDefault(what, "false") : terms.get(what);
            if (!Objects.equals(mine, word)) {
                found.append(found.isEmpty() ? "" : "; ")
                        .append(what)
                        .append(" is ")
                        .append(mine)
                        .append(", not ")
                        .append(word);
            }
        });
        return found.toString();
    }

    BacklogForm left(long nowMillis) {
        return new BacklogForm(number, kind, pattern, terms, createdMillis, nowMillis, expiry);
    }

    byte[] toBytes() {
        ByteWriter out = new ByteWriter(256)
                .octet(FORM)
                .number(number)
                .text(kind.name())
                .text(pattern)
                .number(createdMillis)
                .number(leftMillis)
                .text(expiry.toString())
                .number(terms.size());
        terms.forEach((what, word) -> out.text(what).text(word));
        return out.toByteArray();
    }

    static BacklogForm of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("a subscription is of an unknown form");
        }
        try {
            int number = in.number(Integer.MAX_VALUE);
            Kind kind = Kind.valueOf(in.text());
            String pattern = in.text();
            long created = in.number();
            long left = in.number();
            Duration expiry = Duration.parse(in.text());
            Map<String, String> terms = new LinkedHashMap<>();
            for (long count = in.number(); count > 0; count--) {
                terms.put(in.text(), in.text());
            }
            return new BacklogForm(number, kind, pattern, terms, created, left, expiry);
        } catch (IllegalArgumentException | java.time.DateTimeException e) {
            throw in.corrupt("a subscription makes no sense (" + e.getMessage() + ")");
        }
    }
}
