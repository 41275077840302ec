package dev.fanfare.delivery;

/// An acknowledged subscription with a handler.
final class Handling extends Attached {

    private final Member member;
    private final HandlerWorker worker;

    Handling(Member member, HandlerWorker worker) {
        this.member = member;
        this.worker = worker;
    }

    @Override
    Member member() {
        return member;
    }

    @Override
    public void close() {
        // First, so that what it has done is acknowledged.
        worker.finish();
        super.close();
    }
}
