/// The pages a browser sees: what runs here, and the documentation of the REST interface with Swagger UI and Redoc, all
/// of it from the server's own jars. Nothing is fetched from anywhere else.
@NullMarked
package dev.fanfare.server.docs;

import org.jspecify.annotations.NullMarked;
