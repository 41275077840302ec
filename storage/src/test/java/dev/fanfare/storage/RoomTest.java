package dev.fanfare.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/// How often the device and RocksDB are asked, and what is said between two answers.
class RoomTest {

    private static final long RESERVE = 1_000;

    private final AtomicLong free = new AtomicLong(1 << 30);
    private final AtomicLong pending = new AtomicLong(5_000);
    private final AtomicLong asked = new AtomicLong();
    private final Room room = new Room(free::get, RESERVE);

    @Test
    void nobodyIsAskedForEachPublish() throws RocksDBException {
        for (int i = 0; i < 100_000; i++) {
            left();
        }
        assertThat(asked.get()).isBetween(1L, 10_000L);
    }

    @Test
    void whatWasWrittenSinceCountsTwice() throws RocksDBException {
        long before = left();
        assertThat(before).isEqualTo((1 << 30) - RESERVE - 5_000);
        room.wrote(100);
        // Either that is reckoned, or it took so long that both were asked again and know nothing of it.
        long asks = asked.get();
        assertThat(left()).isEqualTo(asked.get() == asks ? before - 200 : before);
    }

    @Test
    void muchThatWasWrittenIsAskedFor() throws RocksDBException {
        left();
        free.set(1 << 20);
        pending.set(0);
        room.wrote(4 << 20);
        assertThat(left()).isEqualTo((1 << 20) - RESERVE);
    }

    @Test
    void thatThereIsNoRoomIsNotReckoned() throws RocksDBException {
        free.set(10_000);
        assertThat(left()).isEqualTo(10_000 - RESERVE - 5_000);
        // It went from memory into files meanwhile.
        pending.set(0);
        free.set(9_000);
        room.wrote(3_000);
        assertThat(left()).isEqualTo(9_000 - RESERVE);
        free.set(RESERVE);
        room.wrote(9_000);
        assertThat(left()).isZero();
    }

    private long left() throws RocksDBException {
        return room.left(() -> {
            asked.incrementAndGet();
            return pending.get();
        });
    }
}
