package dev.fanfare.delivery;

import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;

/// Up to where a subscription is with a topic, as it is stored.
///
/// @param low everything below is done
/// @param handed everything from here on was never handed to a member
record Progress(long low, long handed) {

    private static final int FORM = 1;

    byte[] toBytes() {
        return new ByteWriter(24).octet(FORM).number(low).number(handed).toByteArray();
    }

    static Progress of(byte[] stored) {
        ByteReader in = new ByteReader(stored);
        if (in.octet() != FORM) {
            throw in.corrupt("the position of a subscription is of an unknown form");
        }
        return new Progress(in.number(), in.number());
    }
}
