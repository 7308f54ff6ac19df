package dev.lifeboat.automation.drill;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/**
 * What a restored application has to pass in a drill. It fails by throwing: an {@link AssertionError}, so that any
 * library for assertions serves, or any exception. A check that does not end is interrupted when its time is up.
 */
public interface Check {
    /** Returns its name, for reports; unique in its drill. */
    String name();

    /**
     * Checks.
     *
     * @return what was found, for the report: a few words without secrets
     * @throws Exception if the application does not pass
     */
    String run(RestoredApplication application) throws Exception;

    /** A check of the caller's own. */
    @FunctionalInterface
    interface Assertion {
        /** Checks, as {@link Check#run} says. */
        String run(RestoredApplication application) throws Exception;
    }

    /** Opens a connection to a restored database. */
    @FunctionalInterface
    interface ConnectionFactory {
        /** Opens one, which the check closes. */
        Connection open(RestoredApplication application) throws SQLException, IOException;
    }

    /** Returns a check of the caller's own. */
    static Check of(String name, Assertion assertion) {
        return new NamedCheck(name, assertion);
    }

    /**
     * Runs a command in a member; it has to end with exit code 0.
     *
     * @param command the program and its arguments; no shell is involved
     */
    static Check exec(String name, String member, String... command) {
        return exec(name, member, output -> true, command);
    }

    /**
     * Runs a command in a member; it has to end with exit code 0, and to print what is expected.
     *
     * @param expected tests what it printed, without blanks around it
     * @param command the program and its arguments; no shell is involved
     */
    static Check exec(String name, String member, Predicate<String> expected, String... command) {
        List<String> words = List.of(command);
        return of(name, application -> {
            RestoredApplication.CommandResult result = application.exec(member, words.toArray(String[]::new));
            String output = result.output().strip();
            if (result.exitCode() != 0) {
                throw new AssertionError(
                        words.get(0) + " in " + member + " ended with exit code " + result.exitCode() + ": " + output);
            }
            if (!expected.test(output)) {
                throw new AssertionError(words.get(0) + " in " + member + " printed what was not expected: " + output);
            }
            return output;
        });
    }

    /**
     * Runs a query over JDBC. The first column of the first row, as text, has to be what is expected.
     *
     * <pre>{@code
     * Check check = Check.sql(
     *         "orders are there",
     *         app -> DriverManager.getConnection(
     *                 "jdbc:postgresql://" + app.hostAndPort("db", 5432) + "/shop", "app", "secret"),
     *         "select count(*) from orders",
     *         count -> Integer.parseInt(count) >= 1000);
     * }</pre>
     */
    static Check sql(String name, ConnectionFactory connections, String query, Predicate<String> expected) {
        return of(name, application -> {
            try (Connection connection = connections.open(application);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(query)) {
                if (!rows.next()) {
                    throw new AssertionError("'" + query + "' gave no row");
                }
                String value = String.valueOf(rows.getString(1));
                if (!expected.test(value)) {
                    throw new AssertionError("'" + query + "' gave what was not expected: " + value);
                }
                return value;
            }
        });
    }

    /**
     * Gets a page, which has to have status 200.
     *
     * @param path such as {@code /health}
     */
    static Check http(String name, String member, int port, String path) {
        return http(name, member, port, path, page -> true);
    }

    /**
     * Gets a page, which has to have status 200 and what is expected. Redirects are not followed.
     *
     * @param path such as {@code /health}
     * @param expected tests the page
     */
    static Check http(String name, String member, int port, String path, Predicate<String> expected) {
        return of(name, application -> {
            URI uri = URI.create("http://" + application.hostAndPort(member, port) + path);
            HttpResponse<String> response = HttpClient.newBuilder()
                    .connectTimeout(Duration.ofSeconds(10))
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .version(HttpClient.Version.HTTP_1_1)
                    .build()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError("GET " + path + " of " + member + " has status " + response.statusCode());
            }
            if (!expected.test(response.body())) {
                throw new AssertionError("GET " + path + " of " + member + " gave what was not expected: "
                        + response.body().lines().findFirst().orElse("an empty page"));
            }
            return "status 200, " + response.body().length() + " characters";
        });
    }

    /**
     * Reads a file of a member, of at most 16 MiB.
     *
     * @param path absolute, in the member
     * @param expected tests its content
     */
    static Check file(String name, String member, String path, Predicate<byte[]> expected) {
        return of(name, application -> {
            byte[] content = application.read(member, path, 16 << 20);
            if (!expected.test(content)) {
                throw new AssertionError(path + " of " + member + ", " + content.length
                        + " bytes, has not the content that was expected");
            }
            return content.length + " bytes";
        });
    }
}
