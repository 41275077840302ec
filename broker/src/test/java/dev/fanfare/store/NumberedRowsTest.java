package dev.fanfare.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Damage takes what it hits, and nothing else.
class NumberedRowsTest {

    private final MemoryStore store = new MemoryStore();
    private final List<Long> found = new ArrayList<>();
    private final List<String> lost = new ArrayList<>();

    private void put(long... numbers) {
        Store.Batch batch = store.batch();
        for (long number : numbers) {
            batch.put(Table.IDS, Keys.of(7, number), new byte[] {1});
        }
        store.write(batch);
    }

    private void corrupt(long from, long to) {
        for (long number = from; number < to; number++) {
            store.corrupt(Table.IDS, Keys.of(7, number));
        }
    }

    private void read() {
        NumberedRows.read(
                store, Table.IDS, 7, (number, _) -> found.add(number), (from, to) -> lost.add(from + ".." + to));
    }

    private static List<Long> numbers(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    @Test
    void whatIsWholeIsRead() {
        put(0, 5, 1L << 40);
        read();
        assertThat(found).containsExactly(0L, 5L, 1L << 40);
        assertThat(lost).isEmpty();
    }

    @Test
    void aRangeThatCantBeReadIsPassed() {
        for (int begin = 0; begin < 70; begin += 23) {
            for (int length = 1; length <= 30; length++) {
                found.clear();
                lost.clear();
                store.write(emptied());
                put(LongStream.range(0, 100).toArray());
                corrupt(begin, begin + length);
                read();
                assertThat(found).doesNotContainAnyElementsOf(numbers(begin, begin + length));
                assertThat(found).hasSize(100 - length);
                assertThat(lost).containsExactly(begin + ".." + (begin + length));
            }
        }
    }

    private Store.Batch emptied() {
        Store.Batch batch = store.batch();
        batch.deleteRange(Table.IDS, Keys.of(7, 0L), Keys.of(8, 0L));
        return batch;
    }

    @Test
    void anEndThatCantBeReadEndsIt() {
        put(1, 2, 3);
        corrupt(2, 4);
        read();
        assertThat(found).containsExactly(1L);
        assertThat(lost).containsExactly("2..4");
    }

    @Test
    void aValueThatIsSomethingElseIsLostAlone() {
        put(1, 2, 3);
        NumberedRows.read(
                store,
                Table.IDS,
                7,
                (number, value) -> {
                    if (number == 2) {
                        throw new ByteReader(value).corrupt("a value");
                    }
                    found.add(number);
                },
                (from, to) -> lost.add(from + ".." + to));
        assertThat(found).containsExactly(1L, 3L);
        assertThat(lost).containsExactly("2..3");
    }
}
