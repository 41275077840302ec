package dev.fanfare.delivery;

import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import org.jspecify.annotations.Nullable;

/// Who asks for a durable name, where everybody has to show who it is. The name becomes its own when it makes it.
///
/// @param who the same for the same one, in every process
/// @param overrules whether it may use what is another's
public record Claim(String who, boolean overrules) {

    /// Checks that a durable name may be used. One that nobody owns is for everybody, and who was not asked who it is
    /// may use every one.
    ///
    /// @param claim null: nobody asked
    /// @throws FanfareException `FORBIDDEN`
    static void check(String name, @Nullable String owner, @Nullable Claim claim) {
        if (owner != null && claim != null && !claim.overrules && !claim.who.equals(owner)) {
            throw new FanfareException(
                    ErrorCode.FORBIDDEN,
                    "the durable name '" + name + "' is somebody else's: only who made it may use it, or who may manage"
                            + " what it hears; use another name");
        }
    }
}
