package dev.fanfare.server.filter;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes steps of an expression whose types have been checked. Used once.
final class Planner {

    /// The expression asks for something that is not to be had here.
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private final long at;

        Refused(CelExpr at, String why) {
            super(why, null, false, false);
            this.at = at.id();
        }

        /// The number of the part that is refused.
        long at() {
            return at;
        }
    }

    private static final String MESSAGE = "message";
    private static final String TOPIC = "topic";

    /// What is built up in a macro; no name that can be written.
    private static final String RESULT = "@result";

    private static final int PROGRAM_MAX = 1_000;
    private static final int REPEATS_MAX = 10_000;
    private static final java.util.regex.Pattern REPEATS = java.util.regex.Pattern.compile("\\{(\\d*),?(\\d*)}");

    private static final Set<String> TYPES =
            Set.of("bool", "int", "double", "string", "bytes", "list", "map", "null_type", "type");

    private static final Map<String, Step> FIELDS = Map.of(
            "id", run -> run.message().id(),
            "type", run -> orEmpty(run.message().type()),
            "key", run -> orEmpty(run.message().key()),
            "headers", run -> run.message().headers(),
            "payload", Run::payload,
            "timestamp", run -> run.message().timestamp());

    /// Variables of the macros around, by name; the innermost counts.
    private final Map<String, Integer> scope = new HashMap<>();

    private int slots;

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /// How many variables there are.
    int slots() {
        return slots;
    }

    Step plan(CelExpr part) throws Refused {
        return switch (part.getKind()) {
            case CONSTANT -> new Steps.Constant(constant(part));
            case IDENT -> ident(part);
            case SELECT -> select(part);
            case CALL -> call(part);
            case LIST -> list(part);
            case MAP -> map(part);
            case COMPREHENSION -> fold(part);
            default -> throw new Refused(part, "messages can't be made in a filter");
        };
    }

    private List<Step> plan(List<CelExpr> parts) throws Refused {
        List<Step> steps = new ArrayList<>(parts.size());
        for (CelExpr part : parts) {
            steps.add(plan(part));
        }
        return steps;
    }

    private static Object constant(CelExpr part) throws Refused {
        CelConstant constant = part.constant();
        return switch (constant.getKind()) {
            case BOOLEAN_VALUE -> constant.booleanValue();
            case INT64_VALUE -> constant.int64Value();
            case DOUBLE_VALUE -> constant.doubleValue();
            case STRING_VALUE -> constant.stringValue();
            case BYTES_VALUE -> new Value.Bytes(constant.bytesValue().toByteArray());
            case NULL_VALUE -> Value.Null.NULL;
            default -> throw new Refused(part, "uint is not supported; numbers of JSON are int or double");
        };
    }

    private Step ident(CelExpr part) throws Refused {
        String name = part.ident().name();
        Integer slot = scope.get(name);
        if (slot != null) {
            return new Steps.Slot(slot);
        }
        String global = name.startsWith(".") ? name.substring(1) : name;
        if (global.equals(TOPIC)) {
            return run -> run.message().topic();
        }
        if (global.equals(MESSAGE)) {
            throw new Refused(part, "message can't be used as a whole; name a field of it, such as message.payload");
        }
        if (TYPES.contains(global)) {
            return new Steps.Constant(new Value.Type(global));
        }
        throw new Refused(part, "'" + name + "' is not supported");
    }

    private Step select(CelExpr part) throws Refused {
        CelExpr operand = part.select().operand();
        String field = part.select().field();
        boolean test = part.select().testOnly();
        if (isMessage(operand)) {
            Step value = FIELDS.get(field);
            if (value == null) {
                throw new Refused(part, "message has no field '" + field + "'");
            }
            return test ? presence(field) : value;
        }
        Step of = plan(operand);
        return test ? new Steps.Has(of, field) : new Steps.Select(of, field);
    }

    private boolean isMessage(CelExpr part) {
        return part.getKind() == CelExpr.ExprKind.Kind.IDENT
                && (part.ident().name().equals(MESSAGE) && !scope.containsKey(MESSAGE)
                        || part.ident().name().equals("." + MESSAGE));
    }

    /// What is always there is there when it says something.
    private static Step presence(String field) {
        return switch (field) {
            case "type" -> run -> run.message().type() != null;
            case "key" -> run -> run.message().key() != null;
            case "headers" -> run -> !run.message().headers().isEmpty();
            default -> new Steps.Constant(true);
        };
    }

    private Step call(CelExpr part) throws Refused {
        CelExpr.CelCall call = part.call();
        List<CelExpr> arguments = new ArrayList<>(call.args());
        call.target().ifPresent(target -> arguments.addFirst(target));
        String function = call.function();
        switch (function) {
            case "matches" -> {
                return matches(arguments.get(0), arguments.get(1));
            }
            case "_+_" -> {
                if (isResult(arguments.get(0)) && arguments.get(1).getKind() == CelExpr.ExprKind.Kind.LIST) {
                    return append(arguments.get(0), arguments.get(1));
                }
            }
            default -> {}
        }
        List<Step> steps = plan(arguments);
        Step step = switch (function) {
            case "_&&_" -> new Steps.Either(steps.get(0), steps.get(1), false);
            case "_||_" -> new Steps.Either(steps.get(0), steps.get(1), true);
            case "_?_:_" -> new Steps.Choice(steps.get(0), steps.get(1), steps.get(2));
            case "@not_strictly_false" -> new Steps.NotStrictlyFalse(steps.get(0));
            default -> Functions.call(function, steps);
        };
        if (step == null) {
            throw new Refused(part, "the function " + function + " is not supported");
        }
        return step;
    }

    private static boolean isResult(CelExpr part) {
        return part.getKind() == CelExpr.ExprKind.Kind.IDENT
                && part.ident().name().equals(RESULT);
    }

    private Step append(CelExpr result, CelExpr list) throws Refused {
        Integer slot = scope.get(result.ident().name());
        if (slot == null || list.list().elements().size() != 1) {
            throw new Refused(list, "this macro is not supported");
        }
        return new Steps.Append(slot, plan(list.list().elements().getFirst()));
    }

    private Step matches(CelExpr text, CelExpr pattern) throws Refused {
        if (pattern.getKind() != CelExpr.ExprKind.Kind.CONSTANT) {
            throw new Refused(pattern, "the pattern of matches must be written out, so that it is compiled once");
        }
        Pattern compiled = compiled(pattern, pattern.constant().stringValue());
        return new Steps.Matches(plan(text), compiled, 2 + compiled.programSize() / 2);
    }

    private static Pattern compiled(CelExpr at, String pattern) throws Refused {
        try {
            if (repeats(pattern) <= REPEATS_MAX) {
                Pattern compiled = Pattern.compile(pattern);
                if (compiled.programSize() <= PROGRAM_MAX) {
                    return compiled;
                }
            }
        } catch (PatternSyntaxException malformed) {
            throw new Refused(at, "not a pattern of RE2: " + malformed.getMessage());
        }
        throw new Refused(at, "the pattern is too large; repeat less, or match less");
    }

    /// How large a pattern may become when what is repeated is written out: compiling it takes as long.
    private static double repeats(String pattern) {
        double product = 1;
        java.util.regex.Matcher repeat = REPEATS.matcher(pattern);
        while (repeat.find()) {
            product *= Math.max(times(repeat.group(1)), times(repeat.group(2)));
        }
        return product;
    }

    private static double times(String digits) {
        return digits.isEmpty() ? 1 : Math.max(1, Double.parseDouble(digits));
    }

    private Step list(CelExpr part) throws Refused {
        List<Step> elements = plan(part.list().elements());
        // One that is always the same is made once; an empty one may be what a macro adds to.
        if (!elements.isEmpty() && elements.stream().allMatch(each -> each instanceof Steps.Constant)) {
            return new Steps.Constant(elements.stream()
                    .map(each -> ((Steps.Constant) each).value())
                    .toList());
        }
        return new Steps.ListOf(elements);
    }

    private Step map(CelExpr part) throws Refused {
        List<Step> keys = new ArrayList<>();
        List<Step> values = new ArrayList<>();
        for (CelExpr.CelMap.Entry entry : part.map().entries()) {
            keys.add(plan(entry.key()));
            values.add(plan(entry.value()));
        }
        return new Steps.MapOf(keys, values);
    }

    private Step fold(CelExpr part) throws Refused {
        CelExpr.CelComprehension fold = part.comprehension();
        Step range = plan(fold.iterRange());
        Step begin = plan(fold.accuInit());
        int element = slots++;
        int result = slots++;
        Integer outerElement = scope.put(fold.iterVar(), element);
        Integer outerResult = scope.put(fold.accuVar(), result);
        Step condition = plan(fold.loopCondition());
        Step step = plan(fold.loopStep());
        restore(fold.iterVar(), outerElement);
        Step end = plan(fold.result());
        restore(fold.accuVar(), outerResult);
        return new Steps.Fold(range, element, result, begin, condition, step, end);
    }

    private void restore(String name, @Nullable Integer outer) {
        if (outer == null) {
            scope.remove(name);
        } else {
            scope.put(name, outer);
        }
    }

    /// The fields of a message.
    static Set<String> fields() {
        return FIELDS.keySet();
    }
}
