package dev.fanfare.server.filter;

import dev.fanfare.server.filter.Value.Failure;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Points in time and durations. What a call costs beyond one step is charged, about what it was measured to take.
final class Times {

    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999999Z");
    private static final Duration LONGEST = Duration.ofDays(3_652_500);
    private static final int TEXT_MAX = 128;

    /// 18 hours.
    private static final int OFFSET_MAX = 18 * 60;

    private static final Pattern PART = Pattern.compile("(\\d+)(\\.\\d*)?(h|ms|m|us|µs|ns|s)");
    private static final Pattern OFFSET = Pattern.compile("([-+]?)(\\d{1,2}):(\\d\\d)");

    /// The names of time zones. Asking for one that is none throws.
    private static final Set<String> ZONES = Set.copyOf(ZoneId.getAvailableZoneIds());

    private static final Failure OUT_OF_RANGE = new Failure("a time or duration is out of range");
    private static final Failure NO_ZONE = new Failure("no such time zone");

    private static final int UTC_COST = 20;
    private static final int ZONE_COST = 150;
    private static final int ZONE_NAME_COST = 60;
    private static final int TIMESTAMP_COST = 300;
    private static final int DURATION_COST = 10;

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

    /// One of `getHours()` and the like. A time zone that is written out is looked up once.
    ///
    /// @param arguments the time or duration, perhaps a time zone
    static @Nullable Step part(String function, List<Step> arguments) {
        return switch (arguments.size()) {
            case 1 -> new Steps.Call(new Step[] {arguments.get(0)}, (run, of) -> part(run, function, of[0]));
            case 2 -> {
                Step time = arguments.get(0);
                yield arguments.get(1) instanceof Steps.Constant(String name)
                        ? inZone(function, time, zone(name))
                        : new Steps.Call2(time, arguments.get(1), (run, of, zone) -> {
                            run.charge(ZONE_NAME_COST);
                            return zone instanceof String name
                                    ? part(run, function, of, zone(name))
                                    : Failure.noOverload(function);
                        });
            }
            default -> null;
        };
    }

    private static Step inZone(String function, Step time, @Nullable ZoneId zone) {
        return new Steps.Call(new Step[] {time}, (run, of) -> part(run, function, of[0], zone));
    }

    private static Object part(Run run, String function, Object of) {
        run.charge(UTC_COST);
        if (of instanceof Duration length) {
            ToLongFunction<Duration> ofLength = LENGTHS.get(function);
            return ofLength == null ? Failure.noOverload(function) : (Object) ofLength.applyAsLong(length);
        }
        return part(run, function, of, ZoneOffset.UTC);
    }

    private static Object part(Run run, String function, Object of, @Nullable ZoneId zone) {
        ToLongFunction<ZonedDateTime> ofTime = PARTS.get(function);
        if (!(of instanceof Instant time) || ofTime == null) {
            return Failure.noOverload(function);
        }
        if (zone == null) {
            return NO_ZONE;
        }
        run.charge(zone instanceof ZoneOffset ? UTC_COST : ZONE_COST);
        return ofTime.applyAsLong(time.atZone(zone));
    }

    /// A time zone by its name or offset; null when there is none.
    private static @Nullable ZoneId zone(String name) {
        if (ZONES.contains(name)) {
            return ZoneId.of(name);
        }
        Matcher offset = OFFSET.matcher(name);
        if (!offset.matches()) {
            return name.equals("Z") ? ZoneOffset.UTC : null;
        }
        int minutes = 60 * Integer.parseInt(offset.group(2)) + Integer.parseInt(offset.group(3));
        if (minutes > OFFSET_MAX || offset.group(3).charAt(0) > '5') {
            return null;
        }
        return ZoneOffset.ofTotalSeconds((offset.group(1).equals("-") ? -60 : 60) * minutes);
    }

    static Object timestamp(Run run, Object from) {
        return switch (from) {
            case Instant time -> time;
            case Long seconds ->
                seconds >= FIRST.getEpochSecond() && seconds <= LAST.getEpochSecond()
                        ? Instant.ofEpochSecond(seconds)
                        : OUT_OF_RANGE;
            case String text
            when text.length() <= TEXT_MAX -> {
                run.charge(TIMESTAMP_COST);
                try {
                    yield inRange(OffsetDateTime.parse(text).toInstant());
                } catch (DateTimeException noTime) {
                    run.chargeException();
                    yield new Failure("no time");
                }
            }
            default -> Failure.noOverload("timestamp");
        };
    }

    static Object duration(Run run, Object from) {
        return switch (from) {
            case Duration length -> length;
            case String text
            when text.length() <= TEXT_MAX -> {
                run.charge(DURATION_COST * (4L + text.length()));
                yield parse(run, text);
            }
            default -> Failure.noOverload("duration");
        };
    }

    /// Such as `1h30m` or `-1.5s`.
    private static Object parse(Run run, String text) {
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
                    ? inRange(negative ? sum.negated() : sum)
                    : new Failure("no duration: " + text);
        } catch (ArithmeticException | NumberFormatException outOfRange) {
            run.chargeException();
            return OUT_OF_RANGE;
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

    /// The time, or a failure when there is no such year in the language.
    static Object inRange(Instant time) {
        return time.isBefore(FIRST) || time.isAfter(LAST) ? OUT_OF_RANGE : time;
    }

    /// The duration, or a failure when it is longer than any between two times.
    static Object inRange(Duration length) {
        return length.abs().compareTo(LONGEST) > 0 ? OUT_OF_RANGE : length;
    }
}
