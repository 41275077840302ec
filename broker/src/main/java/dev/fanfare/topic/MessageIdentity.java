package dev.fanfare.topic;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/// A message id in 128 bits. A UUID as it is usually written is itself; any other text is the beginning of its SHA-256,
/// so that nobody finds two ids that are taken for one.
record MessageIdentity(long high, long low) {

    private static final int UUID_LENGTH = 36;

    static MessageIdentity of(String id) {
        MessageIdentity uuid = id.length() == UUID_LENGTH ? uuid(id) : null;
        return uuid == null ? hashed(id) : uuid;
    }

    private static @Nullable MessageIdentity uuid(String id) {
        long high = 0;
        long low = 0;
        int digits = 0;
        for (int at = 0; at < UUID_LENGTH; at++) {
            char c = id.charAt(at);
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                if (c != '-') {
                    return null;
                }
                continue;
            }
            // Lower case only: what is written differently is another id.
            int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) {
                return null;
            }
            if (digits++ < 16) {
                high = high << 4 | digit;
            } else {
                low = low << 4 | digit;
            }
        }
        return new MessageIdentity(high, low);
    }

    private static MessageIdentity hashed(String id) {
        try {
            ByteBuffer hash =
                    ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8)));
            return new MessageIdentity(hash.getLong(), hash.getLong());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
