package dev.fanfare.client;

/// Which message of which topic.
record Place(String topic, Position position) {

    static Place of(Event event) {
        return new Place(event.topic(), event.position());
    }
}
