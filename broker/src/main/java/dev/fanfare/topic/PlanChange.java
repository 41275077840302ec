package dev.fanfare.topic;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The same change of many plans. Topics that nobody hears, or the same feeds, share one plan; after the change
/// they share one again: a subscription of all of 100,000 topics costs one plan.
final class PlanChange {

    private final UnaryOperator<Plan> change;
    private @Nullable Plan before;
    private @Nullable Plan after;

    PlanChange(UnaryOperator<Plan> change) {
        this.change = change;
    }

    Plan of(Plan plan) {
        Plan changed = after;
        if (plan != before || changed == null) {
            changed = change.apply(plan);
            before = plan;
            after = changed;
        }
        return changed;
    }
}
