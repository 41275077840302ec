package dev.fanfare.cli;

import java.util.ArrayList;
import java.util.List;

/// Rows of texts under heads: what is a number stands at the right of its column. Made anew for each print.
final class Table {

    private static final int GAP = 2;

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    private record Column(String head, boolean right) {}

    /// One more column, of texts.
    Table text(String head) {
        columns.add(new Column(head, false));
        return this;
    }

    /// One more column, of numbers.
    Table number(String head) {
        columns.add(new Column(head, true));
        return this;
    }

    /// One more row: a text per column.
    void row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
    }

    /// The head and the rows. Where a line would be longer than the width, the widest column of texts gives way; what
    /// is still longer is cut.
    ///
    /// @param width in columns of the terminal; 0 for any
    List<String> lines(int width) {
        int[] widths = widths(width);
        List<String> lines = new ArrayList<>();
        lines.add(line(columns.stream().map(Column::head).toList(), widths, width));
        rows.forEach(row -> lines.add(line(row, widths, width)));
        return lines;
    }

    private int[] widths(int width) {
        int[] widths = new int[columns.size()];
        int all = GAP * (columns.size() - 1);
        int widest = -1;
        for (int i = 0; i < widths.length; i++) {
            widths[i] = length(columns.get(i).head());
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], length(row.get(i)));
            }
            all += widths[i];
            if (!columns.get(i).right() && (widest < 0 || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        if (width > 0 && all > width && widest >= 0) {
            int least = Math.max(8, length(columns.get(widest).head()));
            widths[widest] = Math.max(Math.min(least, widths[widest]), widths[widest] - (all - width));
        }
        return widths;
    }

    private String line(List<String> cells, int[] widths, int width) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String cell = cut(cells.get(i), widths[i]);
            String space = " ".repeat(widths[i] - length(cell));
            line.append(i == 0 ? "" : " ".repeat(GAP));
            line.append(columns.get(i).right() ? space + cell : cell + space);
        }
        String text = line.toString().stripTrailing();
        return width > 0 ? cut(text, width) : text;
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /// The text in so many columns at most.
    static String cut(String text, int columns) {
        if (length(text) <= columns) {
            return text;
        }
        return columns < 2 ? "" : text.substring(0, text.offsetByCodePoints(0, columns - 1)) + "…";
    }
}
