package dev.fanfare.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Goes through a table whose keys are names, and past rows that can't be read.
public final class NamedRows {

    /// Names have at most so many characters, each of at most three bytes.
    private static final int LONGEST = 3 * 256;

    /// What is done with each of them.
    @FunctionalInterface
    public interface Row {

        /// One of them.
        ///
        /// @throws StoreException `CORRUPT` when the value is not what it should be: it can't be read either
        void take(String name, byte[] value);
    }

    private NamedRows() {}

    /// All of them.
    ///
    /// @return what can't be read, for people: one name, or names that are not known, between which they are
    public static List<String> read(Store store, Table table, Row row) {
        Reading reading = new Reading(row);
        new RowReader(store, table, new byte[0], null, LONGEST).read(reading::take, (_, _) -> reading.passed = true);
        reading.end();
        return reading.lost;
    }

    private static final class Reading {
        private final Row row;
        private final List<String> lost = new ArrayList<>(0);
        private String before = "the first";
        private boolean passed;

        Reading(Row row) {
            this.row = row;
        }

        void take(byte[] key, byte[] value) {
            String name = new String(key, StandardCharsets.UTF_8);
            // Without a name there is only what the table says of all of them.
            String shown = name.isEmpty() ? before : "'" + name + "'";
            if (!name.isEmpty()) {
                tell(shown);
            }
            try {
                row.take(name, value);
            } catch (StoreException e) {
                if (e.reason() != StoreException.Reason.CORRUPT) {
                    throw e;
                }
                lost.add(shown + " (" + e.getMessage() + ")");
            }
            before = shown;
        }

        void end() {
            tell("the last");
        }

        private void tell(String next) {
            if (passed) {
                lost.add("what is between " + before + " and " + next);
                passed = false;
            }
        }
    }
}
