package dev.fanfare.server;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// How the text of a setting becomes a value, and what texts there are.
///
/// @param allowed completes the sentence "allowed is ..."
/// @param reading the value of a text, or empty if the text is not allowed
/// @param <T> the value's type
record SettingType<T>(String allowed, Function<String, Optional<T>> reading) {

    /// The text of a list with nothing in it.
    static final String EMPTY_LIST = "[]";

    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*(|B|[KMGT]i?B?)", Pattern.CASE_INSENSITIVE);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(?:\\.(\\d{1,6}))?\\s*(ms|s|m|min|h|d)");
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})\\s*%");
    private static final int FRACTION_DIGITS = 6;
    private static final SettingType<Boolean> FLAG =
            new SettingType<>("true or false", text -> switch (text.toLowerCase(Locale.ROOT)) {
                case "true", "yes", "on", "1" -> Optional.of(true);
                case "false", "no", "off", "0" -> Optional.of(false);
                default -> Optional.empty();
            });
    private static final int UNIT_STEP = 1024;
    private static final String UNITS = "KMGT";

    /// The value of a text.
    Optional<T> read(String text) {
        return reading.apply(text.strip());
    }

    static SettingType<String> text(String allowed, Pattern shape) {
        return new SettingType<>(
                allowed, text -> Optional.of(text).filter(t -> shape.matcher(t).matches()));
    }

    static SettingType<Path> folder() {
        return new SettingType<>("a folder, which is made if it is not there", text -> {
            try {
                return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
            } catch (InvalidPathException impossible) {
                return Optional.empty();
            }
        });
    }

    static SettingType<Path> file() {
        return new SettingType<>("a file", folder().reading());
    }

    /// A file, or an address on the web.
    static SettingType<ServerConfig.TokenKeys> fileOrAddress() {
        return new SettingType<>("a file, or an address that begins with https://", text -> {
            if (!text.startsWith("https://") && !text.startsWith("http://")) {
                return file().read(text).map(ServerConfig.TokenKeys.In::new);
            }
            try {
                return Optional.of(new ServerConfig.TokenKeys.At(new URI(text)));
            } catch (URISyntaxException wrong) {
                return Optional.empty();
            }
        });
    }

    /// An address on the web, this machine's included.
    static SettingType<URI> address() {
        return new SettingType<>("an address that begins with http:// or https://", text -> {
            try {
                URI address = new URI(text);
                return Optional.of(address)
                        .filter(a -> a.getHost() != null
                                && String.valueOf(a.getScheme()).matches("https?"));
            } catch (URISyntaxException wrong) {
                return Optional.empty();
            }
        });
    }

    /// What of an address tells where it leads and nothing else: its path, its query and its user may be secrets.
    static String withoutSecrets(String text) {
        try {
            URI address = new URI(text.strip());
            if (address.getHost() == null) {
                return text.equalsIgnoreCase("none") ? text : "...";
            }
            String port = address.getPort() < 0 ? "" : ":" + address.getPort();
            return address.getScheme() + "://" + address.getHost() + port + "/...";
        } catch (URISyntaxException wrong) {
            return "...";
        }
    }

    static SettingType<Integer> integer(int min, int max) {
        return new SettingType<>(
                "a whole number from " + min + " to " + max,
                text -> wholeNumber(text, min, max).map(Long::intValue));
    }

    static SettingType<Boolean> flag() {
        return FLAG;
    }

    /// A list in YAML or JSON. An empty one, which is what there is by default, is not parsed: a start does not wait
    /// for a
    /// parser to be made.
    static <T> SettingType<List<T>> list(String allowed, Function<String, List<T>> parsing) {
        return new SettingType<>(
                allowed, text -> Optional.of(text.equals(EMPTY_LIST) ? List.of() : parsing.apply(text)));
    }

    /// One of an enum's constants, in lower or upper case.
    static <E extends Enum<E>> SettingType<E> choice(Class<E> type) {
        List<E> constants = Arrays.asList(type.getEnumConstants());
        String allowed = constants.stream()
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        return new SettingType<>(
                "one of " + allowed,
                text -> constants.stream()
                        .filter(constant -> constant.name().equalsIgnoreCase(text))
                        .findFirst());
    }

    /// Bytes, as a number with or without a unit; every unit is a power of 1024.
    static SettingType<Long> size(long min, long max) {
        return new SettingType<>(
                "a size from " + bytes(min) + " to " + bytes(max) + ", such as 65536, 64KiB, 1 MiB or 2GiB",
                text -> sizeOf(text).filter(size -> size >= min && size <= max));
    }

    /// A time span, with its unit or in ISO 8601; 0 needs no unit.
    static SettingType<Duration> duration(Duration min, Duration max) {
        return new SettingType<>(
                "a duration from " + span(min) + " to " + span(max) + ", such as 500ms, 30s, 5m or PT30S",
                text -> durationOf(text).filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0));
    }

    /// A share of the memory, in percent.
    static SettingType<Integer> percent(int min, int max) {
        return new SettingType<>("a share of memory from " + min + "% to " + max + "%", text -> {
            Matcher matcher = PERCENT.matcher(text);
            return matcher.matches() ? wholeNumber(matcher.group(1), min, max).map(Long::intValue) : Optional.empty();
        });
    }

    /// Events per second.
    static SettingType<Double> rate(double min, double max) {
        return new SettingType<>("a number per second from " + plain(min) + " to " + plain(max), text -> {
            String number =
                    text.endsWith("/s") ? text.substring(0, text.length() - 2).strip() : text;
            return number.matches("\\d{1,9}(\\.\\d{1,6})?")
                    ? Optional.of(Double.parseDouble(number)).filter(rate -> rate >= min && rate <= max)
                    : Optional.empty();
        });
    }

    /// This type's values, or a word for a value of its own.
    <S> SettingType<S> or(String word, String meaning, S wordValue, Function<T, S> otherwise) {
        return new SettingType<>(
                word + (meaning.isEmpty() ? "" : " (" + meaning + ")") + ", or " + allowed,
                text -> text.equalsIgnoreCase(word)
                        ? Optional.of(wordValue)
                        : read(text).map(otherwise));
    }

    /// This type's values, or another's.
    <S, U> SettingType<S> or(SettingType<U> other, Function<T, S> otherwise, Function<U, S> others) {
        return new SettingType<>(
                allowed + ", or " + other.allowed,
                text -> read(text).map(otherwise).or(() -> other.read(text).map(others)));
    }

    private static Optional<Long> wholeNumber(String text, long min, long max) {
        return text.matches("\\d{1,18}")
                ? Optional.of(Long.parseLong(text)).filter(n -> n >= min && n <= max)
                : Optional.empty();
    }

    static Optional<Long> sizeOf(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long size = Long.parseLong(matcher.group(1));
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        int steps = unit.isEmpty() ? 0 : UNITS.indexOf(unit.charAt(0)) + 1;
        for (int i = 0; i < steps; i++) {
            if (size > Long.MAX_VALUE / UNIT_STEP) {
                return Optional.empty();
            }
            size *= UNIT_STEP;
        }
        return Optional.of(size);
    }

    private static Optional<Duration> durationOf(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        Matcher matcher = DURATION.matcher(text);
        if (matcher.matches()) {
            long unitMillis = switch (matcher.group(3)) {
                case "ms" -> 1;
                case "s" -> 1_000;
                case "h" -> 3_600_000;
                case "d" -> 86_400_000;
                default -> 60_000;
            };
            long units = Long.parseLong(matcher.group(1));
            if (units >= Long.MAX_VALUE / unitMillis) {
                return Optional.empty();
            }
            String fraction = matcher.group(2) == null ? "" : matcher.group(2);
            // Millionths of a unit, which is a whole number of nanoseconds for each unit there is.
            long millionths = Long.parseLong(fraction + "0".repeat(FRACTION_DIGITS - fraction.length()));
            return Optional.of(Duration.ofMillis(units * unitMillis).plusNanos(millionths * unitMillis));
        }
        try {
            return text.startsWith("P") ? Optional.of(Duration.parse(text)) : Optional.empty();
        } catch (DateTimeParseException notIso) {
            return Optional.empty();
        }
    }

    private static String bytes(long size) {
        long rest = size;
        int steps = 0;
        while (rest > 0 && rest % UNIT_STEP == 0 && steps < UNITS.length()) {
            rest /= UNIT_STEP;
            steps++;
        }
        return steps == 0 ? rest + " bytes" : rest + " " + UNITS.charAt(steps - 1) + "iB";
    }

    private static String span(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0";
        }
        if (millis % 86_400_000 == 0) {
            return millis / 86_400_000 + "d";
        }
        return millis % 60_000 == 0
                ? millis / 60_000 + "m"
                : millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
    }
}
