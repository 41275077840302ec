package dev.fanfare.server.feed;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MissesTest {

    @Test
    void eachIsTakenWhereItIsMissing() {
        Misses misses = new Misses();
        misses.add(3, 1);
        misses.add(3, 2);
        misses.add(7, 4);
        assertThat(misses.next()).isEqualTo(3);
        assertThat(misses.take(2)).isZero();
        assertThat(misses.take(3)).isEqualTo(3);
        assertThat(misses.next()).isEqualTo(7);
        assertThat(misses.take(10)).isEqualTo(4);
        assertThat(misses.next()).isEqualTo(Misses.NONE);
    }

    @Test
    void whoTakesNoneCostsNoMoreThanSoManyPlaces() {
        Misses misses = new Misses();
        int added = 10 * Misses.MOST;
        for (int i = 0; i < added; i++) {
            misses.add(i, 1);
        }
        int places = 0;
        long taken = 0;
        while (misses.next() != Misses.NONE) {
            places++;
            taken += misses.take(misses.next());
        }
        assertThat(places).isEqualTo(Misses.MOST);
        assertThat(taken).isEqualTo(added);
    }
}
