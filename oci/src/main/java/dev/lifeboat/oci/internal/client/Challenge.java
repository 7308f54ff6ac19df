package dev.lifeboat.oci.internal.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a registry wants its clients to authenticate: RFC 9110, section 11.6.1.
 *
 * @param scheme in lower case, such as {@code bearer}
 * @param parameters by name in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
    Challenge {
        parameters = Map.copyOf(parameters);
    }

    /** Returns the challenge that is answered: a token is preferred to a password. */
    static Optional<Challenge> of(List<String> headers) {
        List<Challenge> all = new ArrayList<>();
        headers.forEach(header -> new Parser(header).addTo(all));
        return all.stream()
                .filter(challenge -> challenge.scheme().equals("bearer"))
                .findFirst()
                .or(() -> all.stream()
                        .filter(challenge -> challenge.scheme().equals("basic"))
                        .findFirst());
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** Reads a header, which may have several challenges. */
    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        void addTo(List<Challenge> challenges) {
            String scheme = "";
            Map<String, String> parameters = new TreeMap<>();
            while (at < text.length()) {
                skip(" \t,");
                String word = word();
                if (word.isEmpty()) {
                    at++;
                    continue;
                }
                skip(" \t");
                if (at < text.length() && text.charAt(at) == '=') {
                    at++;
                    skip(" \t");
                    parameters.put(word, value());
                } else {
                    // A word that is not followed by an equals sign begins the next challenge.
                    add(challenges, scheme, parameters);
                    scheme = word;
                    parameters = new TreeMap<>();
                }
            }
            add(challenges, scheme, parameters);
        }

        private static void add(List<Challenge> challenges, String scheme, Map<String, String> parameters) {
            if (!scheme.isEmpty()) {
                challenges.add(new Challenge(scheme, parameters));
            }
        }

        private void skip(String characters) {
            while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private String word() {
            int start = at;
            while (at < text.length() && " \t,=\"".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at).toLowerCase(Locale.ROOT);
        }

        private String value() {
            StringBuilder value = new StringBuilder();
            if (at < text.length() && text.charAt(at) == '"') {
                for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
                    boolean escaped = text.charAt(at) == '\\' && at + 1 < text.length();
                    value.append(text.charAt(escaped ? ++at : at));
                }
                at++;
                return value.toString();
            }
            int start = at;
            while (at < text.length() && " \t,".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at);
        }
    }
}
