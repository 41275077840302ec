package dev.fanfare;

/// Answers requests: commands ([Broker#onCommand]) or queries ([Broker#onQuery]).
@FunctionalInterface
public interface Responder {

    /// The answer to a request, on a thread of its own subscription: it may block.
    ///
    /// @return what the one who asked gets
    /// @throws Exception what goes wrong: the one who asked is told, as `FAILED` with its message
    Message answer(Message request) throws Exception;
}
