package dev.fanfare.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every [TopicLog] promises.
interface TopicLogContract {

    int ALL = Integer.MAX_VALUE;

    /// An empty log that keeps what `retention` says.
    TopicLog newLog(Retention retention);

    /// Moves the log's clock.
    void advanceMillis(long millis);

    /// The log's clock.
    long nowMillis();

    default TopicLog roomyLog() {
        return newLog(new Retention(1_000, 1 << 20, 0));
    }

    /// A message that fits at the log's end, stamped now.
    default Message next(TopicLog log, String text) {
        return Message.text(text).stored("id-" + log.end(), "topic", log.epoch(), log.end(), nowMillis());
    }

    default void add(TopicLog log, String... texts) {
        for (String text : texts) {
            log.append(next(log, text));
            log.reveal(log.end());
        }
    }

    default List<String> texts(TopicLog log, long from) {
        return log.read(from, 100, ALL).stream().map(Message::text).toList();
    }

    @Test
    default void anEmptyLogBeginsAtZero() {
        TopicLog log = roomyLog();
        assertThat(log.end()).isZero();
        assertThat(log.visible()).isZero();
        assertThat(log.oldest()).isZero();
        assertThat(log.lastTimestamp()).isEqualTo(-1);
        assertThat(log.forgottenTimestamp()).isEqualTo(-1);
        assertThat(log.bytes()).isZero();
        assertThat(log.read(0, 10, ALL)).isEmpty();
        assertThat(log.firstAt(0)).isZero();
        assertThat(log.epoch()).matches("[0-9a-z]{1,8}");
    }

    @Test
    default void offsetsAreConsecutiveFromZero() {
        TopicLog log = roomyLog();
        add(log, "a", "b", "c");
        assertThat(log.end()).isEqualTo(3);
        assertThat(log.read(0, 10, ALL)).extracting(Message::offset).containsExactly(0L, 1L, 2L);
    }

    @Test
    default void refusesAMessageWithAnotherOffset() {
        TopicLog log = roomyLog();
        add(log, "a");
        Message wrong = Message.text("b").stored("id", "topic", log.epoch(), 2, nowMillis());
        assertThatThrownBy(() -> log.append(wrong)).hasMessageContaining("offset must be 1, not 2");
    }

    @Test
    default void whatIsNotYetVisibleCantBeRead() {
        TopicLog log = roomyLog();
        add(log, "a");
        log.append(next(log, "b"));
        assertThat(log.end()).isEqualTo(2);
        assertThat(log.visible()).isEqualTo(1);
        assertThat(texts(log, 0)).containsExactly("a");
        assertThat(texts(log, 1)).isEmpty();
        assertThat(log.firstAt(Long.MAX_VALUE)).isEqualTo(1);
        log.reveal(2);
        assertThat(texts(log, 0)).containsExactly("a", "b");
    }

    @Test
    default void severalAreRevealedAtOnce() {
        TopicLog log = roomyLog();
        for (int i = 0; i < 5; i++) {
            log.append(next(log, "m" + i));
        }
        log.reveal(3);
        assertThat(texts(log, 0)).containsExactly("m0", "m1", "m2");
        log.reveal(5);
        assertThat(texts(log, 3)).containsExactly("m3", "m4");
    }

    @Test
    default void visibleNeitherFallsNorPassesTheEnd() {
        TopicLog log = roomyLog();
        add(log, "a", "b");
        assertThatThrownBy(() -> log.reveal(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> log.reveal(3)).isInstanceOf(IllegalArgumentException.class);
        assertThat(log.visible()).isEqualTo(2);
    }

    @Test
    default void whatWasNotVisibleIsTakenBackAndItsOffsetsAreUsedAgain() {
        TopicLog log = roomyLog();
        add(log, "a");
        long before = log.bytes();
        log.append(next(log, "lost"));
        log.append(next(log, "lost too"));
        log.takeBack(1);
        assertThat(log.end()).isEqualTo(1);
        assertThat(log.bytes()).isEqualTo(before);
        add(log, "b");
        assertThat(texts(log, 0)).containsExactly("a", "b");
    }

    @Test
    default void whatIsVisibleIsNotTakenBack() {
        TopicLog log = roomyLog();
        add(log, "a", "b");
        assertThatThrownBy(() -> log.takeBack(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> log.takeBack(3)).isInstanceOf(IllegalArgumentException.class);
        assertThat(texts(log, 0)).containsExactly("a", "b");
    }

    @Test
    default void keepsTheNewestByCount() {
        TopicLog log = newLog(new Retention(3, 1 << 20, 0));
        add(log, "a", "b", "c", "d", "e");
        assertThat(log.oldest()).isEqualTo(2);
        assertThat(texts(log, 0)).containsExactly("c", "d", "e");
        assertThat(texts(log, 3)).containsExactly("d", "e");
    }

    @Test
    default void keepsNothingWhenToldSo() {
        TopicLog log = newLog(new Retention(0, 1 << 20, 0));
        add(log, "a", "b");
        assertThat(log.oldest()).isEqualTo(2);
        assertThat(log.visible()).isEqualTo(2);
        assertThat(log.bytes()).isZero();
        assertThat(texts(log, 0)).isEmpty();
    }

    @Test
    default void keepsTheNewestByBytes() {
        Message sample = Message.text("x".repeat(1000)).stored("id", "t", "e", 0, 0);
        TopicLog log = newLog(new Retention(1_000, 3 * TopicLog.cost(sample), 0));
        for (int i = 0; i < 10; i++) {
            add(log, "x".repeat(1000));
        }
        assertThat(log.oldest()).isEqualTo(7);
        assertThat(log.bytes()).isEqualTo(3 * TopicLog.cost(sample));
    }

    @Test
    default void aMessageLargerThanTheHistoryIsNotKept() {
        TopicLog log = newLog(new Retention(1_000, 1_000, 0));
        add(log, "small", "x".repeat(2_000));
        assertThat(log.oldest()).isEqualTo(2);
        assertThat(log.bytes()).isZero();
        add(log, "small again");
        assertThat(texts(log, 0)).containsExactly("small again");
    }

    @Test
    default void whatIsNotYetVisibleIsNotForgotten() {
        TopicLog log = newLog(new Retention(1, 1 << 20, 0));
        log.append(next(log, "a"));
        log.append(next(log, "b"));
        log.append(next(log, "c"));
        assertThat(log.oldest()).isZero();
        log.reveal(2);
        assertThat(texts(log, 0)).containsExactly("b");
        log.reveal(3);
        assertThat(texts(log, 0)).containsExactly("c");
    }

    @Test
    default void forgetsByAgeWhenRead() {
        TopicLog log = newLog(new Retention(1_000, 1 << 20, 1_000));
        add(log, "a");
        advanceMillis(600);
        add(log, "b");
        advanceMillis(400);
        assertThat(texts(log, 0)).containsExactly("a", "b");
        advanceMillis(1);
        assertThat(log.oldest()).isEqualTo(1);
        assertThat(texts(log, 0)).containsExactly("b");
        advanceMillis(600);
        assertThat(log.oldest()).isEqualTo(2);
        assertThat(texts(log, 0)).isEmpty();
        assertThat(log.firstAt(0)).isEqualTo(2);
    }

    @Test
    default void givesTheMemoryOfOldMessagesBackWhenAppendedTo() {
        TopicLog log = newLog(new Retention(1_000, 1 << 20, 1_000));
        add(log, "a", "b");
        advanceMillis(1_001);
        add(log, "c");
        assertThat(log.bytes()).isEqualTo(TopicLog.cost(log.read(2, 1, ALL).getFirst()));
    }

    @Test
    default void givesTheMemoryOfOldMessagesBackWhenAskedTo() {
        TopicLog log = newLog(new Retention(1_000, 1 << 20, 1_000));
        add(log, "a", "b");
        advanceMillis(1_001);
        log.expire();
        assertThat(log.bytes()).isZero();
        assertThat(log.oldest()).isEqualTo(2);
    }

    @Test
    default void tellsWhenTheNewestForgottenMessageWasAppended() {
        TopicLog log = newLog(new Retention(2, 1 << 20, 0));
        add(log, "a");
        long first = nowMillis();
        advanceMillis(10);
        add(log, "b", "c");
        assertThat(log.forgottenTimestamp()).isEqualTo(first);
    }

    @Test
    default void tellsWhenTheNewestMessageThatIsTooOldWasAppended() {
        TopicLog log = newLog(new Retention(1_000, 1 << 20, 1_000));
        add(log, "a");
        long first = nowMillis();
        advanceMillis(600);
        add(log, "b");
        advanceMillis(600);
        assertThat(log.forgottenTimestamp()).isEqualTo(first);
    }

    @Test
    default void readsAtMostSoManyMessages() {
        TopicLog log = roomyLog();
        add(log, "a", "b", "c");
        assertThat(log.read(0, 2, ALL)).extracting(Message::text).containsExactly("a", "b");
    }

    @Test
    default void readsAtMostSoManyBytesButAtLeastOneMessage() {
        TopicLog log = roomyLog();
        add(log, "12345", "12345", "12345");
        assertThat(log.read(0, 10, 10)).hasSize(2);
        assertThat(log.read(0, 10, 9)).hasSize(1);
        assertThat(log.read(0, 10, 0)).hasSize(1);
    }

    @Test
    default void findsTheFirstMessageOfATime() {
        TopicLog log = roomyLog();
        long begin = nowMillis();
        add(log, "a");
        advanceMillis(10);
        add(log, "b", "c");
        advanceMillis(10);
        add(log, "d");
        assertThat(log.firstAt(begin)).isZero();
        assertThat(log.firstAt(begin + 1)).isEqualTo(1);
        assertThat(log.firstAt(begin + 10)).isEqualTo(1);
        assertThat(log.firstAt(begin + 11)).isEqualTo(3);
        assertThat(log.firstAt(begin + 21)).isEqualTo(4);
    }

    @Test
    default void shrinksFromTheOldEnd() {
        TopicLog log = roomyLog();
        add(log, "a", "b", "c", "d");
        assertThat(log.shrink(log.bytes() / 2)).isEqualTo(2);
        assertThat(texts(log, 0)).containsExactly("c", "d");
        assertThat(log.shrink(log.bytes())).isZero();
        assertThat(log.shrink(0)).isEqualTo(2);
        assertThat(log.oldest()).isEqualTo(4);
    }

    @Test
    default void whatIsKeptCanBeReadAfterClosing() {
        TopicLog log = roomyLog();
        add(log, "a", "b");
        log.close();
        log.close();
        assertThat(texts(log, 0)).containsExactly("a", "b");
    }

    @Test
    default void offsetsGoOnWhenTheRingHasGoneAroundManyTimes() {
        TopicLog log = newLog(new Retention(5, 1 << 20, 0));
        for (int i = 0; i < 1_000; i++) {
            add(log, "m" + i);
        }
        assertThat(texts(log, 0)).containsExactly("m995", "m996", "m997", "m998", "m999");
    }
}
