package dev.fanfare.server.docs;

import dev.fanfare.server.rest.Answer;
import dev.fanfare.server.rest.Call;
import dev.fanfare.server.rest.Endpoint;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A file from the server's jars, read again for each browser that does not have it yet: most servers are never looked
/// at, and the larger files have more than a megabyte. Any thread.
final class Asset implements Endpoint.Slow {

    private static final int ETAG_CHARACTERS = 16;

    private final String resource;
    private final String contentType;
    private final Map<String, String> replacements;
    private volatile @Nullable String etag;

    private Asset(String resource, String contentType, Map<String, String> replacements) {
        this.resource = resource;
        this.contentType = contentType;
        this.replacements = replacements;
    }

    /// A file.
    ///
    /// @param resource its absolute name on the class path
    static Asset of(String resource, String contentType) {
        return new Asset(resource, contentType, Map.of());
    }

    /// The same file with some text in the place of other text.
    Asset replacing(String text, String replacement) {
        return new Asset(resource, contentType, Map.of(text, replacement));
    }

    @Override
    public Answer answer(Call call) {
        String known = etag;
        if (known != null && call.header("if-none-match").contains(known)) {
            return headers(Answer.empty(304), known);
        }
        byte[] bytes = read();
        String tag = "\"" + digest(bytes) + "\"";
        etag = tag;
        if (call.header("if-none-match").contains(tag)) {
            return headers(Answer.empty(304), tag);
        }
        return headers(new Answer(200, Map.of(), contentType, bytes), tag);
    }

    private static Answer headers(Answer answer, String tag) {
        // Asked again each time, which is cheap, so that an upgrade of the server is seen at once.
        return answer.with("ETag", tag).with("Cache-Control", "no-cache");
    }

    private byte[] read() {
        byte[] bytes;
        try (InputStream in = Asset.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new FileNotFoundException(resource + " is not on the class path");
            }
            bytes = in.readAllBytes();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        if (replacements.isEmpty()) {
            return bytes;
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        for (Map.Entry<String, String> replacement : replacements.entrySet()) {
            text = text.replace(replacement.getKey(), replacement.getValue());
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest).substring(0, ETAG_CHARACTERS);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }
}
