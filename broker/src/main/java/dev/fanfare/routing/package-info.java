/// Routes: rules by which messages go from topic to topic. Not API.
///
/// A rule is a reader that stays whether its topics exist or not: it is put into the plans of the topics it means
/// when it is added or a topic is made, so that publishing looks nothing up, and a topic without rules knows
/// nothing of them.
///
/// *Copy*: the rule is a feed ([CopyRoute]). The topic's section appends a reference to it, like to any other
/// feed; one virtual thread, which lives as long as something waits, takes the messages in the order of appending
/// and publishes them to the targets. So copies of a topic keep its order, filters run on no publisher's thread
/// and no event loop, and a target that blocks holds up this rule only. The queue is bounded: at the bound the
/// source refuses or blocks its publishers, as for any subscription that must not lose messages.
///
/// *Redirect*: the rule is asked before the section, on the publisher's thread, which may be an event loop: it
/// must not block. The message is published to the targets on that thread, and what the first one answers is the
/// answer.
///
/// *Circles* are refused when a rule is added ([RouteGraph]): targets are plain names, so whether one rule leads
/// to another depends on the rules alone, not on which topics there are. Filters are not looked at. Therefore
/// nothing is counted or marked in messages, and threads that wait for one another's room never do so in a
/// circle; but for queues that still hold what was taken before rules changed, where the thread that would close the
/// circle goes beyond the bound instead ([CopyQueue]).
///
/// *Changes*: the rule that takes a message is the one in the plan when the message gets its place; the topic
/// remembers it until the message is visible. A publisher that finds other redirects in the section than it asked
/// leaves it and asks these. A rule keeps its queue, whatever it becomes; as long as something is in it, or on its
/// way there, a redirect lets nothing pass.
///
/// *Closing*: the broker refuses every publish but those of routes, waits until no rule has anything waiting, and
/// only then refuses all.
///
/// Locks: the table's own, held while rules change, is taken before the registry's. A feed's own is the last one
/// taken.
@NullMarked
package dev.fanfare.routing;

import org.jspecify.annotations.NullMarked;
