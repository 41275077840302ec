package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/// Which messages of a subscription have to come one after the other: all of a topic when it is ordered, those
/// of a partition in a group, those of a key otherwise. And who has which partition. Guarded by its
/// [BacklogModel].
final class ModelledLanes {

    private final boolean ordered;
    private final boolean group;
    private final Map<String, SequencedSet<ModelledMessage>> lanes = new HashMap<>();
    private final Map<Integer, Object> owners = new HashMap<>();
    private int mostPartitions;

    ModelledLanes(boolean ordered, boolean group) {
        this.ordered = ordered;
        this.group = group;
    }

    /// @return −1 for none
    private int partition(ModelledMessage item) {
        String key = item.message.key();
        int partitions = item.topic.config().partitions();
        return group && !ordered && key != null && partitions > 0 ? Lanes.partition(key, partitions) : -1;
    }

    /// A topic that was made again is another one.
    private @Nullable String lane(ModelledMessage item) {
        String epoch = item.message.epoch();
        if (ordered) {
            return epoch;
        }
        int partition = partition(item);
        String key = item.message.key();
        return partition >= 0 ? epoch + "\npartition " + partition : key == null ? null : epoch + "\nkey " + key;
    }

    private SequencedSet<ModelledMessage> of(ModelledMessage item) {
        String lane = lane(item);
        return lane == null ? new LinkedHashSet<>() : lanes.computeIfAbsent(lane, made -> new LinkedHashSet<>());
    }

    void add(ModelledMessage item) {
        of(item).addLast(item);
        if (partition(item) >= 0 && item.topic.config().partitions() > mostPartitions) {
            mostPartitions = item.topic.config().partitions();
            membersChange();
        }
    }

    void remove(ModelledMessage item) {
        of(item).remove(item);
    }

    /// Those that have to be done before this one.
    List<ModelledMessage> before(ModelledMessage item) {
        return of(item).stream().takeWhile(each -> each != item).toList();
    }

    /// Partitions may get other owners.
    void membersChange() {
        owners.clear();
    }

    /// A member was given a message: it is the one that has its partition.
    void given(Object member, ModelledMessage item, String what) {
        int partition = partition(item);
        if (partition >= 0) {
            Object owner = owners.putIfAbsent(partition, member);
            assertThat(owner == null || owner == member)
                    .as(what + " of partition " + partition + ", which is another member's")
                    .isTrue();
        }
    }
}
