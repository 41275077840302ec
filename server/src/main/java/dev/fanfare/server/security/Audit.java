package dev.fanfare.server.security;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.LogLimit;
import dev.fanfare.server.SettingException;
import dev.fanfare.time.Timers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The record of who managed what, and who was refused what: one line of JSON each, in a file, or in the log
/// `fanfare.audit`. Of refusals so many a second are written and the others counted; nobody waits for it: what does not
/// fit in the queue is counted too. It is told no secrets. Any thread.
public final class Audit implements AutoCloseable {

    private static final int QUEUE = 10_000;
    private static final int REFUSALS_PER_SECOND = 100;
    private static final int FILES = 5;
    private static final byte[] LAST = {};
    private static final Logger LOG = LoggerFactory.getLogger("fanfare.audit");

    private final Timers timers;
    private final @Nullable Path file;
    private final LongSupplier fileBytes;
    private final BlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicLong leftOut = new AtomicLong();
    private final AtomicLong second = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();
    private final AtomicReference<@Nullable Thread> writer = new AtomicReference<>();

    // Of the writer alone.
    private @Nullable FileChannel channel;
    private boolean failing;

    /// What became of something.
    public enum Decision {
        /// It was done.
        DONE,
        /// It was not.
        REFUSED
    }

    /// @param file null: the log
    /// @param fileBytes when the file is so large now, another is begun; of the older ones some are kept
    /// @throws SettingException when the file can't be written
    Audit(@Nullable Path file, LongSupplier fileBytes, Timers timers) {
        this.file = file;
        this.fileBytes = fileBytes;
        this.timers = timers;
        if (file != null) {
            try {
                channel = open(file);
            } catch (IOException wrong) {
                throw new SettingException("audit-log: " + file + " can't be written: " + wrong);
            }
        }
    }

    /// Something was done, or refused.
    ///
    /// @param who in words, such as `key 'web'`
    /// @param from where, an address; empty for the server itself
    /// @param what was to be done
    /// @param why it was refused, or how it ended; may be empty
    public void record(Decision decision, String who, Object from, String what, String why) {
        if (decision == Decision.REFUSED && !admit()) {
            leftOut.incrementAndGet();
            return;
        }
        JsonBytes out = new JsonBytes();
        out.raw("{\"at\":")
                .string(Instant.ofEpochMilli(timers.currentTimeMillis()).toString())
                .raw(",\"decision\":")
                .string(decision == Decision.DONE ? "done" : "refused")
                .raw(",\"who\":")
                .string(LogLimit.printable(who))
                .raw(",\"from\":")
                .string(LogLimit.printable(from))
                .raw(",\"what\":")
                .string(LogLimit.printable(what))
                .raw(",\"why\":")
                .string(LogLimit.printable(why))
                .raw("}\n");
        offer(out);
    }

    private boolean admit() {
        long now = Math.floorDiv(timers.nanoTime(), 1_000_000_000L);
        long before = second.get();
        if (before != now && second.compareAndSet(before, now)) {
            refusals.set(0);
        }
        return refusals.incrementAndGet() <= REFUSALS_PER_SECOND;
    }

    private void offer(JsonBytes line) {
        byte[] bytes = new byte[line.length()];
        System.arraycopy(line.array(), 0, bytes, 0, bytes.length);
        if (!queue.offer(bytes)) {
            leftOut.incrementAndGet();
        }
        if (writer.get() == null) {
            Thread one = Thread.ofVirtual().name("fanfare-audit").unstarted(this::write);
            if (writer.compareAndSet(null, one)) {
                one.start();
            }
        }
    }

    private void write() {
        try {
            for (byte[] line = queue.take(); line != LAST; line = queue.take()) {
                tellLeftOut();
                put(line);
            }
            tellLeftOut();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
        shut();
    }

    private void shut() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException late) {
            LOG.warn("the audit log could not be closed: {}", late.toString());
        }
    }

    private void tellLeftOut() {
        long count = leftOut.getAndSet(0);
        if (count > 0) {
            put(("{\"at\":\"" + Instant.ofEpochMilli(timers.currentTimeMillis())
                            + "\",\"decision\":\"left out\",\"lines\":" + count + "}\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
    }

    private void put(byte[] line) {
        if (file == null) {
            LOG.info("{}", new String(line, 0, line.length - 1, StandardCharsets.UTF_8));
            return;
        }
        try {
            FileChannel to = channel;
            if (to == null || to.size() + line.length > fileBytes.getAsLong() && to.size() > 0) {
                to = next(file, to);
                channel = to;
            }
            ByteBuffer bytes = ByteBuffer.wrap(line);
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
            failing = false;
        } catch (IOException full) {
            if (!failing) {
                failing = true;
                LOG.error("the audit log {} can't be written: {}", file, full.toString());
            }
            leftOut.incrementAndGet();
        }
    }

    private static FileChannel open(Path file) throws IOException {
        if (Files.notExists(file)
                && file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static FileChannel next(Path file, @Nullable FileChannel full) throws IOException {
        if (full != null) {
            full.close();
            for (int number = FILES - 1; number >= 0; number--) {
                Path from = number == 0 ? file : numbered(file, number);
                if (Files.exists(from)) {
                    Files.move(from, numbered(file, number + 1), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return open(file);
    }

    private static Path numbered(Path file, int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }

    /// Writes what is queued, and ends.
    @Override
    public void close() {
        Thread one = writer.get();
        if (one == null) {
            shut();
            return;
        }
        try {
            queue.put(LAST);
            one.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
