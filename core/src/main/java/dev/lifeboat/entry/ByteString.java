package dev.lifeboat.entry;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * An immutable byte sequence that is usually UTF-8 text: a file name, the target of a symbolic link, the name or value
 * of an extended attribute. Linux allows any byte in them except NUL (and, in names, the slash).
 *
 * <p>{@link #toString} is lossless: {@link #parse} returns the same bytes. The natural order compares unsigned bytes.
 */
public final class ByteString implements Comparable<ByteString> {
    private static final ByteString EMPTY = new ByteString(new byte[0]);

    private final byte[] bytes;

    private ByteString(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns a byte string with a copy of the bytes. */
    public static ByteString of(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new ByteString(bytes.clone());
    }

    /** Returns the UTF-8 encoding of a text. The text is taken literally: a backslash is a backslash. */
    public static ByteString utf8(String text) {
        return text.isEmpty() ? EMPTY : new ByteString(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Parses the result of {@link #toString}: {@code \\} is a backslash, {@code \xNN} is the byte NN (hexadecimal).
     *
     * @throws IllegalArgumentException if a backslash is followed by anything else
     */
    public static ByteString parse(String escaped) {
        if (escaped.indexOf('\\') < 0) {
            return utf8(escaped);
        }
        byte[] in = escaped.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[in.length];
        int n = 0;
        for (int i = 0; i < in.length; i++) {
            if (in[i] != '\\') {
                out[n++] = in[i];
            } else if (i + 1 < in.length && in[i + 1] == '\\') {
                out[n++] = '\\';
                i++;
            } else if (i + 3 < in.length && in[i + 1] == 'x' && isHex(in[i + 2]) && isHex(in[i + 3])) {
                out[n++] = (byte) (HexFormat.fromHexDigit(in[i + 2]) << 4 | HexFormat.fromHexDigit(in[i + 3]));
                i += 3;
            } else {
                throw new IllegalArgumentException("invalid escape at byte " + i + " of '" + escaped + "'");
            }
        }
        return new ByteString(Arrays.copyOf(out, n));
    }

    private static boolean isHex(byte b) {
        return HexFormat.isHexDigit(b & 0xff);
    }

    /** Returns a copy of the bytes. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** Returns the number of bytes. */
    public int length() {
        return bytes.length;
    }

    /**
     * Returns the byte at an index.
     *
     * @throws IndexOutOfBoundsException if the index is out of range
     */
    public byte at(int index) {
        return bytes[index];
    }

    @Override
    public int compareTo(ByteString other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ByteString that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /**
     * Returns the text. Control characters and bytes that are not UTF-8 are escaped as {@code \xNN}; a backslash is
     * doubled.
     */
    @Override
    public String toString() {
        return escape(bytes);
    }

    static String escape(byte[] bytes) {
        if (isPlain(bytes)) {
            return new String(bytes, StandardCharsets.US_ASCII);
        }
        StringBuilder out = new StringBuilder(bytes.length + 16);
        for (int i = 0; i < bytes.length; ) {
            int length = sequenceLength(bytes, i);
            if (length > 1) {
                out.append(new String(bytes, i, length, StandardCharsets.UTF_8));
            } else if (bytes[i] == '\\') {
                out.append("\\\\");
            } else if (length == 1 && bytes[i] >= ' ' && bytes[i] != 0x7f) {
                out.append((char) bytes[i]);
            } else {
                out.append("\\x").append(HexFormat.of().toHexDigits(bytes[i]));
            }
            i += Math.max(length, 1);
        }
        return out.toString();
    }

    private static boolean isPlain(byte[] bytes) {
        for (byte b : bytes) {
            if (b < ' ' || b == '\\' || b == 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** Returns the length of the well-formed UTF-8 sequence at {@code at}, or 0 if there is none. */
    private static int sequenceLength(byte[] bytes, int at) {
        int lead = bytes[at] & 0xff;
        int length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (length < 2) {
            return length;
        }
        if (at + length > bytes.length) {
            return 0;
        }
        try {
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes, at, length));
            return length;
        } catch (CharacterCodingException e) {
            return 0;
        }
    }
}
