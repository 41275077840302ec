import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.Message;
import dev.fanfare.RetryPolicy;

/// A work queue: the members of a group share the jobs, each job goes to one of them, those of one customer stay in
/// order, what fails is tried again, and what was left by a member that went is done by the others:
/// `./fanfare example WorkQueue`
///
/// prints: 300 jobs, each done once: true
/// prints: the jobs of each customer in order: true
/// prints: by more than one worker: true
/// prints: failed attempts: 3, given up: 0
void main() throws InterruptedException {
    int jobs = 300;
    var done = new ConcurrentHashMap<Long, Integer>();
    var byCustomer = new ConcurrentHashMap<String, Queue<Long>>();
    var workers = ConcurrentHashMap.<String>newKeySet();
    var failures = new AtomicInteger();
    var left = new CountDownLatch(jobs);
    var twoAtWork = new CountDownLatch(2);
    var members = new ArrayList<AcknowledgedSubscription>();
    try (var broker = Broker.open()) {
        for (var name : List.of("ann", "bob", "cat")) {
            members.add(broker.subscription("jobs")
                    .acknowledged()
                    .group("workers")
                    .maxInFlight(4)
                    .retry(RetryPolicy.fixed(5, Duration.ofMillis(5)))
                    .handle(job -> {
                        if (job.offset() % 100 == 7 && failures.incrementAndGet() <= 3) {
                            throw new IllegalStateException("not now");
                        }
                        if (workers.add(name)) {
                            twoAtWork.countDown();
                            twoAtWork.await();
                        }
                        byCustomer
                                .computeIfAbsent(String.valueOf(job.key()), key -> new ConcurrentLinkedQueue<>())
                                .add(job.offset());
                        done.merge(job.offset(), 1, Integer::sum);
                        left.countDown();
                    }));
        }
        for (int i = 0; i < jobs; i++) {
            broker.publish("jobs", Message.text("job " + i).withKey("customer-" + i % 10));
            if (i == jobs / 2) {
                members.getLast().close();
            }
        }
        left.await();
    } // closing lets the members finish
    var figures = members.getFirst().figures();
    IO.println(jobs + " jobs, each done once: "
            + (done.size() == jobs && done.values().stream().allMatch(times -> times == 1)));
    IO.println("the jobs of each customer in order: "
            + byCustomer.values().stream().allMatch(offsets -> isSorted(List.copyOf(offsets))));
    IO.println("by more than one worker: " + (workers.size() > 1));
    IO.println("failed attempts: " + figures.failed() + ", given up: " + figures.deadLettered());
}

boolean isSorted(List<Long> offsets) {
    return offsets.stream().sorted().toList().equals(offsets);
}
