package dev.fanfare.delivery;

/// An acknowledged subscription with a handler.
final class Handling extends Attached {

    private final HandlerWorker worker;

    Handling(Backlog backlog, HandlerWorker worker) {
        super(backlog);
        this.worker = worker;
    }

    @Override
    public void close() {
        super.close();
        worker.awaitEnd();
    }
}
