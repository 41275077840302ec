package dev.fanfare.server.filter;

import com.google.re2j.Pattern;
import dev.fanfare.server.filter.Value.Failure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The steps that are no calls of functions.
final class Steps {

    private Steps() {}

    /// A value that does not depend on the message.
    record Constant(Object value) implements Step {
        @Override
        public Object on(Run run) {
            return value;
        }
    }

    /// A variable of a macro.
    record Slot(int slot) implements Step {
        @Override
        public Object on(Run run) {
            return run.get(slot);
        }
    }

    /// A member of a map.
    ///
    /// @param absent the answer when there is no such member
    record Select(Step operand, String name, Failure absent) implements Step {
        Select(Step operand, String name) {
            this(operand, name, new Failure("no such key or field: " + name));
        }

        @Override
        public Object on(Run run) {
            run.charge(1);
            Object of = operand.on(run);
            if (of instanceof Map<?, ?> map) {
                Object found = map.get(name);
                return found == null ? absent : found;
            }
            return of instanceof Failure ? of : absent;
        }
    }

    /// Whether a map has a member: `has()`.
    record Has(Step operand, String name) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Object of = operand.on(run);
            if (of instanceof Map<?, ?> map) {
                return map.containsKey(name);
            }
            return of instanceof Failure ? of : new Failure("no such field: " + name);
        }
    }

    /// `&&` (`deciding` is false) or `||` (`deciding` is true): one operand that decides is enough, even when the other
    /// one fails.
    record Either(Step left, Step right, Boolean deciding) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Object first = left.on(run);
            if (deciding.equals(first)) {
                return first;
            }
            Object second = right.on(run);
            if (deciding.equals(second)) {
                return second;
            }
            if (first instanceof Boolean && second instanceof Boolean) {
                return first;
            }
            Object wrong = first instanceof Boolean ? second : first;
            return wrong instanceof Failure ? wrong : Failure.noOverload(deciding ? "||" : "&&");
        }
    }

    /// `condition ? yes : no`.
    record Choice(Step condition, Step yes, Step no) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Object which = condition.on(run);
            if (which instanceof Boolean is) {
                return is ? yes.on(run) : no.on(run);
            }
            return which instanceof Failure ? which : Failure.noOverload("?:");
        }
    }

    /// What macros ask between two rounds: whether it is worth going on. An error may still be made good for.
    record NotStrictlyFalse(Step operand) implements Step {
        @Override
        public Object on(Run run) {
            return !Boolean.FALSE.equals(operand.on(run));
        }
    }

    /// `[a, b]`.
    record ListOf(List<Step> elements) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1 + elements.size());
            List<Object> list = new ArrayList<>(elements.size());
            for (Step element : elements) {
                Object value = element.on(run);
                if (value instanceof Failure) {
                    return value;
                }
                list.add(value);
            }
            return list;
        }
    }

    /// `{a: b}`.
    record MapOf(List<Step> keys, List<Step> values) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1 + 2L * keys.size());
            Map<Object, Object> map = HashMap.newHashMap(keys.size());
            for (int i = 0; i < keys.size(); i++) {
                Object key = keys.get(i).on(run);
                Object value = values.get(i).on(run);
                if (key instanceof Failure || value instanceof Failure) {
                    return key instanceof Failure ? key : value;
                }
                if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
                    return new Failure("a map's key can't be " + Value.typeName(key));
                }
                if (key instanceof String text) {
                    run.chargeLength(text.length());
                }
                if (map.put(key, value) != null) {
                    return new Failure("a map's key is given twice");
                }
            }
            return map;
        }
    }

    /// A call of a function whose arguments have to be values.
    record Call(Step[] arguments, Function function) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Object[] values = new Object[arguments.length];
            for (int i = 0; i < values.length; i++) {
                Object value = arguments[i].on(run);
                if (value instanceof Failure) {
                    return value;
                }
                values[i] = value;
            }
            return function.of(run, values);
        }
    }

    /// A call with two arguments, which most calls are.
    record Call2(Step left, Step right, Function2 function) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Object first = left.on(run);
            if (first instanceof Failure) {
                return first;
            }
            Object second = right.on(run);
            return second instanceof Failure ? second : function.of(run, first, second);
        }
    }

    /// What a [Call] calls.
    @FunctionalInterface
    interface Function {
        Object of(Run run, Object[] arguments);
    }

    /// What a [Call2] calls.
    @FunctionalInterface
    interface Function2 {
        Object of(Run run, Object left, Object right);
    }

    /// `matches` with a pattern that is known beforehand. It takes no more than a time that is proportional to both
    /// lengths, whatever the pattern.
    record Matches(Step text, Pattern pattern, int perCharacter) implements Step {
        @Override
        public Object on(Run run) {
            Object in = text.on(run);
            if (in instanceof String string) {
                run.charge(perCharacter * (1L + string.length()));
                return pattern.matcher(string).find();
            }
            return in instanceof Failure ? in : Failure.noOverload("matches");
        }
    }

    /// Adds an element to the list that a macro builds up, in its place: nobody else has that list yet.
    record Append(int slot, Step element) implements Step {
        @Override
        @SuppressWarnings("unchecked") // the list of the fold around it
        public Object on(Run run) {
            run.charge(1);
            Object value = element.on(run);
            if (value instanceof Failure) {
                return value;
            }
            List<Object> list = (List<Object>) run.get(slot);
            list.add(value);
            return list;
        }
    }

    /// What `all`, `exists`, `exists_one`, `map` and `filter` are made of: a loop with a result that is built up.
    ///
    /// @param element the slot of the element
    /// @param result the slot of the result
    record Fold(Step range, int element, int result, Step begin, Step condition, Step step, Step end) implements Step {
        @Override
        public Object on(Run run) {
            run.charge(1);
            Collection<?> elements;
            switch (range.on(run)) {
                case List<?> list -> elements = list;
                case Map<?, ?> map -> elements = map.keySet();
                case Failure failure -> {
                    return failure;
                }
                default -> {
                    return new Failure("there are elements in lists and maps only");
                }
            }
            Object now = begin.on(run);
            run.set(result, now);
            // Of a list that is built up nothing is left after an error; a truth value may still be made good for.
            boolean strict = !(now instanceof Boolean);
            for (Object each : elements) {
                run.charge(1);
                run.set(element, each);
                if (Boolean.FALSE.equals(condition.on(run))) {
                    break;
                }
                Object next = step.on(run);
                if (strict && next instanceof Failure) {
                    return next;
                }
                run.set(result, next);
            }
            return end.on(run);
        }
    }
}
