package dev.fanfare.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Standard input that shows how much of it was read: of all of it where that is a file, else of nobody knows how much.
final class CountedInput extends FilterInputStream {

    private static final Path STANDARD = Path.of("/dev/stdin");

    private final ProgressLine progress;

    /// Negative when it is not known.
    private final long size;

    private long read;

    CountedInput(InputStream in, ProgressLine progress) {
        super(in);
        this.progress = progress;
        this.size = size();
    }

    private static long size() {
        try {
            return Files.isRegularFile(STANDARD) ? Files.size(STANDARD) : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    @Override
    public int read() throws IOException {
        int one = super.read();
        count(one < 0 ? -1 : 1);
        return one;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        int count = super.read(target, from, length);
        count(count);
        return count;
    }

    private void count(int more) {
        if (more < 0) {
            progress.finish();
            return;
        }
        read += more;
        if (size > 0) {
            progress.at(Math.min(read, size), size);
        } else {
            progress.at(read);
        }
    }
}
