package dev.lifeboat.docker.internal.model;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A range of IP addresses in CIDR notation (RFC 4632).
 *
 * @param text as the engine writes it, such as {@code 172.18.0.0/16}
 */
public record Subnet(String text, List<Byte> address, int bits) {
    private static final Pattern LITERAL = Pattern.compile("[0-9a-fA-F.:]+/[0-9]{1,3}");
    /** Docker's default address pools: github.com/moby/moby, libnetwork/ipamutils. */
    private static final List<String> POOLS =
            List.of("172.16.0.0/12", "192.168.0.0/16", "10.88.0.0/16", "10.89.0.0/16");

    private static final int MAX_CANDIDATES = 1 << 16;

    /** Reads a range; empty if the text is none. */
    public static Optional<Subnet> parse(String text) {
        if (!LITERAL.matcher(text).matches()) {
            return Optional.empty();
        }
        int slash = text.indexOf('/');
        try {
            // A literal is not looked up.
            byte[] bytes = InetAddress.getByName(text.substring(0, slash)).getAddress();
            int bits = Integer.parseInt(text.substring(slash + 1));
            if (bits > bytes.length * 8) {
                return Optional.empty();
            }
            Byte[] boxed = new Byte[bytes.length];
            Arrays.setAll(boxed, i -> bytes[i]);
            return Optional.of(new Subnet(text, List.of(boxed), bits));
        } catch (UnknownHostException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private BigInteger start() {
        BigInteger value = number();
        int host = address.size() * 8 - bits;
        return value.shiftRight(host).shiftLeft(host);
    }

    private BigInteger number() {
        BigInteger value = BigInteger.ZERO;
        for (byte b : address) {
            value = value.shiftLeft(8).or(BigInteger.valueOf(b & 0xff));
        }
        return value;
    }

    private BigInteger end() {
        return start().add(BigInteger.ONE.shiftLeft(address.size() * 8 - bits));
    }

    /** Whether two ranges share an address. */
    public boolean overlaps(Subnet other) {
        return address.size() == other.address.size()
                && start().compareTo(other.end()) < 0
                && other.start().compareTo(end()) < 0;
    }

    /** Whether an engine that chooses may choose it. */
    public boolean isDefaultPool() {
        return address.size() == 4
                && POOLS.stream()
                        .anyMatch(pool -> Subnet.parse(pool).orElseThrow().overlaps(this));
    }

    /** The first address after that of the network: the gateway, if the engine chooses it. */
    public String firstAddress() {
        return text(start().add(BigInteger.ONE));
    }

    /** Whether it is a range of IPv4. */
    public boolean isV4() {
        return address.size() == 4;
    }

    /** Returns the same address of another range; empty if the address is not in this one. */
    public Optional<String> moved(String literal, Subnet to) {
        Optional<Subnet> one = parse(literal + "/" + address.size() * 8);
        if (one.isEmpty() || !overlaps(one.get()) || to.address.size() != address.size() || to.bits > bits) {
            return Optional.empty();
        }
        return Optional.of(text(to.start().add(one.get().number().subtract(start()))));
    }

    /** Returns the same part of another range; empty if it is none of this one. */
    public Optional<Subnet> movedRange(Subnet part, Subnet to) {
        return moved(part.text(part.start()), to).flatMap(start -> parse(start + "/" + part.bits));
    }

    /** Returns the next range of the same size that overlaps with none of others; empty if no private one is left. */
    public Optional<Subnet> nextFree(Collection<Subnet> others) {
        BigInteger size = BigInteger.ONE.shiftLeft(address.size() * 8 - bits);
        BigInteger candidate = start();
        for (int i = 0; i < MAX_CANDIDATES; i++) {
            candidate = candidate.add(size);
            Optional<Subnet> next = parse(text(candidate) + "/" + bits);
            if (next.isEmpty() || !next.get().isPrivate()) {
                return Optional.empty();
            }
            if (others.stream().noneMatch(next.get()::overlaps)) {
                return next;
            }
        }
        return Optional.empty();
    }

    /** RFC 1918, RFC 4193. */
    private boolean isPrivate() {
        return Stream.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
                .anyMatch(range -> parse(range).orElseThrow().overlaps(this));
    }

    private String text(BigInteger number) {
        byte[] bytes = new byte[address.size()];
        BigInteger rest = number;
        for (int i = bytes.length - 1; i >= 0; i--) {
            bytes[i] = rest.byteValue();
            rest = rest.shiftRight(8);
        }
        try {
            return InetAddress.getByAddress(bytes).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 bytes are an address", e);
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
