package dev.fanfare.server.filter;

import dev.fanfare.server.filter.Value.Failure;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Points in time and durations.
final class Times {

    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");
    private static final Duration LONGEST = Duration.ofDays(3_652_500);
    private static final int TEXT_MAX = 128;
    private static final Pattern PART = Pattern.compile("(\\d+)(\\.\\d*)?(h|ms|m|us|µs|ns|s)");
    private static final Pattern OFFSET = Pattern.compile("(-?)(\\d{1,2}):(\\d\\d)");

    private static final Map<String, ToLongFunction<ZonedDateTime>> PARTS = Map.of(
            "getFullYear",
            ZonedDateTime::getYear,
            "getMonth",
            time -> time.getMonthValue() - 1,
            "getDate",
            ZonedDateTime::getDayOfMonth,
            "getDayOfMonth",
            time -> time.getDayOfMonth() - 1,
            "getDayOfWeek",
            time -> time.getDayOfWeek().getValue() % 7,
            "getDayOfYear",
            time -> time.getDayOfYear() - 1,
            "getHours",
            ZonedDateTime::getHour,
            "getMinutes",
            ZonedDateTime::getMinute,
            "getSeconds",
            ZonedDateTime::getSecond,
            "getMilliseconds",
            time -> time.getNano() / 1_000_000);

    private static final Map<String, ToLongFunction<Duration>> LENGTHS = Map.of(
            "getHours", Duration::toHours,
            "getMinutes", Duration::toMinutes,
            "getSeconds", Duration::toSeconds,
            "getMilliseconds", length -> length.toMillis() % 1_000);

    private Times() {}

    /// Whether there is a function of this name here.
    static boolean isPart(String function) {
        return PARTS.containsKey(function);
    }

    /// One of `getHours()` and the like.
    ///
    /// @param arguments the time or duration, perhaps a time zone
    static Object part(String function, Object[] arguments) {
        ToLongFunction<ZonedDateTime> ofTime = PARTS.get(function);
        ToLongFunction<Duration> ofLength = LENGTHS.get(function);
        if (arguments[0] instanceof Instant time && ofTime != null) {
            try {
                ZoneId zone = arguments.length > 1 ? zone(String.valueOf(arguments[1])) : ZoneOffset.UTC;
                return ofTime.applyAsLong(time.atZone(zone));
            } catch (DateTimeException noZone) {
                return new Failure("no such time zone");
            }
        }
        if (arguments[0] instanceof Duration length && ofLength != null && arguments.length == 1) {
            return ofLength.applyAsLong(length);
        }
        return Failure.noOverload(function);
    }

    private static ZoneId zone(String name) {
        Matcher offset = OFFSET.matcher(name);
        if (!offset.matches()) {
            return ZoneId.of(name);
        }
        int sign = offset.group(1).isEmpty() ? 1 : -1;
        return ZoneOffset.ofHoursMinutes(
                sign * Integer.parseInt(offset.group(2)), sign * Integer.parseInt(offset.group(3)));
    }

    static Object timestamp(Object from) {
        try {
            return switch (from) {
                case Instant time -> time;
                case Long seconds -> checked(Instant.ofEpochSecond(seconds));
                case String text
                when text.length() <= TEXT_MAX ->
                    checked(OffsetDateTime.parse(text).toInstant());
                default -> Failure.noOverload("timestamp");
            };
        } catch (DateTimeException noTime) {
            return new Failure("no time");
        }
    }

    static Object duration(Object from) {
        return switch (from) {
            case Duration length -> length;
            case String text when text.length() <= TEXT_MAX -> parse(text);
            default -> Failure.noOverload("duration");
        };
    }

    /// Such as `1h30m` or `-1.5s`.
    private static Object parse(String text) {
        boolean negative = text.startsWith("-");
        String parts = negative || text.startsWith("+") ? text.substring(1) : text;
        if (parts.equals("0")) {
            return Duration.ZERO;
        }
        Duration sum = Duration.ZERO;
        Matcher part = PART.matcher(parts);
        int at = 0;
        try {
            while (part.find() && part.start() == at) {
                at = part.end();
                sum = sum.plus(length(part.group(1), part.group(2), unit(part.group(3))));
            }
            return at == parts.length() && at > 0
                    ? checked(negative ? sum.negated() : sum)
                    : new Failure("no duration: " + text);
        } catch (ArithmeticException | DateTimeException | NumberFormatException outOfRange) {
            return new Failure("a duration is out of range");
        }
    }

    private static Duration length(String whole, String fraction, Duration unit) {
        Duration length = unit.multipliedBy(Long.parseLong(whole));
        return fraction == null || fraction.length() < 2
                ? length
                : length.plusNanos((long) (Double.parseDouble("0" + fraction) * unit.toNanos()));
    }

    private static Duration unit(String name) {
        return switch (name) {
            case "h" -> Duration.ofHours(1);
            case "m" -> Duration.ofMinutes(1);
            case "s" -> Duration.ofSeconds(1);
            case "ms" -> Duration.ofMillis(1);
            case "ns" -> Duration.ofNanos(1);
            default -> Duration.ofNanos(1_000);
        };
    }

    /// As `string()` writes it: seconds, with as many digits after the point as there are thousandths to tell.
    static String text(Duration length) {
        if (length.isZero()) {
            return "0s";
        }
        Duration absolute = length.abs();
        StringBuilder text = new StringBuilder(length.isNegative() ? "-" : "").append(absolute.toSeconds());
        int nanos = absolute.toNanosPart();
        if (nanos > 0) {
            String digits = "%09d".formatted(nanos);
            text.append('.').append(digits, 0, nanos % 1_000_000 == 0 ? 3 : nanos % 1_000 == 0 ? 6 : 9);
        }
        return text.append('s').toString();
    }

    static Instant checked(Instant time) {
        if (time.isBefore(FIRST) || time.isAfter(LAST)) {
            throw new DateTimeException("out of range");
        }
        return time;
    }

    static Duration checked(Duration length) {
        if (length.abs().compareTo(LONGEST) > 0) {
            throw new DateTimeException("out of range");
        }
        return length;
    }
}
