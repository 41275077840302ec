package dev.fanfare.server.filter;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Filter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Understands expressions in CEL. They see `message`, with `id`, `type`, `key`, `headers`, `payload` and `timestamp`,
/// and `topic`. What JSON says is a value of the kind it has there, whole numbers that fit into 64 bits are ints; a
/// `type` or `key` that a message does not have is the empty text.
///
/// Any thread but those that must not wait: the first expression of a process takes about a second of computing, any
/// other about a millisecond.
public final class Expressions {

    /// The most characters of an expression.
    public static final int LENGTH_MAX = 4096;

    private static final int PARTS_MAX = 1_000;
    private static final int DEPTH_MAX = 64;
    private static final int REASON_MAX = 300;

    private static final Map<String, CelType> FIELDS = Map.of(
            "id", SimpleType.STRING,
            "type", SimpleType.STRING,
            "key", SimpleType.STRING,
            "headers", MapType.create(SimpleType.STRING, SimpleType.STRING),
            "payload", SimpleType.DYN,
            "timestamp", SimpleType.TIMESTAMP);

    private static final StructType MESSAGE = StructType.create(
            "Message", ImmutableSet.copyOf(FIELDS.keySet()), field -> Optional.ofNullable(FIELDS.get(field)));

    private static final CelTypeProvider KNOWN_TYPES = new CelTypeProvider() {
        @Override
        public ImmutableCollection<CelType> types() {
            return ImmutableList.of(MESSAGE);
        }

        @Override
        public Optional<CelType> findType(String name) {
            return name.equals(MESSAGE.name()) ? Optional.of(MESSAGE) : Optional.empty();
        }
    };

    private static final AtomicBoolean WARM = new AtomicBoolean();

    /// Made when the first expression comes, since it takes a while.
    private static final class Compiler {
        private static final CelCompiler ONE = CelCompilerFactory.standardCelCompilerBuilder()
                .setOptions(CelOptions.current()
                        .maxExpressionCodePointSize(LENGTH_MAX)
                        .maxParseExpressionNodeCount(PARTS_MAX)
                        .maxParseRecursionDepth(DEPTH_MAX)
                        .maxParseErrorRecoveryLimit(1)
                        .enableHeterogeneousNumericComparisons(true)
                        .build())
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .setTypeProvider(KNOWN_TYPES)
                .addVar("message", MESSAGE)
                .addVar("topic", SimpleType.STRING)
                .build();
    }

    private Expressions() {}

    /// Has the first expression of this process take no longer than any other. Once is enough; a thread that may take a
    /// second.
    public static void warmUp() {
        if (WARM.compareAndSet(false, true)) {
            filter("message.payload.a > 1 && message.headers.b == 'c' || message.payload.d.exists(e, e in [topic])");
        }
    }

    /// The filter that an expression is.
    ///
    /// @throws FanfareException `BAD_REQUEST` that says where the expression is wrong, and why
    public static ExpressionFilter filter(String expression) {
        if (expression.codePointCount(0, expression.length()) > LENGTH_MAX) {
            throw refused("filter must have at most " + LENGTH_MAX + " characters");
        }
        CelAbstractSyntaxTree tree = checked(expression);
        CelType answer = tree.getResultType();
        if (answer.kind() != CelKind.BOOL && answer.kind() != CelKind.DYN) {
            throw refused("filter must be true or false for a message, not " + answer.name());
        }
        Planner planner = new Planner();
        try {
            Step plan = planner.plan(tree.getExpr());
            return new ExpressionFilter(expression, tree.getExpr(), plan, planner.slots());
        } catch (Planner.Refused part) {
            Integer offset = tree.getSource().getPositionsMap().get(part.at());
            throw refused(
                    place(offset == null ? Optional.empty() : tree.getSource().getOffsetLocation(offset))
                            + part.getMessage());
        }
    }

    /// The filter with these [Filter#words].
    ///
    /// @throws FanfareException `BAD_REQUEST` when they are not those of an expression
    public static Filter understood(String words) {
        if (!words.startsWith(ExpressionFilter.WORD)) {
            throw refused("'" + words + "' is no expression");
        }
        return filter(words.substring(ExpressionFilter.WORD.length()));
    }

    /// Both of what may be wanted of messages, cheap before dear; null when neither is: then all are wanted.
    ///
    /// @param types the types, if they matter
    /// @param expression what has to be true of it, if anything has
    public static @Nullable Filter both(@Nullable Filter types, @Nullable Filter expression) {
        if (types == null) {
            return expression;
        }
        return expression == null ? types : types.and(expression);
    }

    private static CelAbstractSyntaxTree checked(String expression) {
        CelValidationResult result;
        try {
            result = Compiler.ONE.compile(expression);
            if (!result.hasError()) {
                return result.getAst();
            }
        } catch (CelValidationException | RuntimeException | StackOverflowError broken) {
            throw refused("filter can't be understood: " + firstLine(String.valueOf(broken.getMessage())));
        }
        List<CelIssue> errors = result.getErrors();
        if (errors.isEmpty()) {
            throw refused("filter can't be understood");
        }
        CelIssue first = errors.getFirst();
        throw refused(place(Optional.of(first.getSourceLocation())) + firstLine(first.getMessage()));
    }

    private static String place(Optional<CelSourceLocation> location) {
        return location.filter(at -> at.getLine() > 0)
                .map(at -> "filter, line " + at.getLine() + ", column " + (at.getColumn() + 1) + ": ")
                .orElse("filter: ");
    }

    private static String firstLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return line.length() <= REASON_MAX ? line : line.substring(0, REASON_MAX) + "…";
    }

    private static FanfareException refused(String why) {
        return new FanfareException(ErrorCode.BAD_REQUEST, why);
    }
}
