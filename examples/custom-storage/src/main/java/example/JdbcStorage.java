package example;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** Objects as rows of a table. The primary key makes the put of an absent object exclusive. */
public final class JdbcStorage implements StorageTarget {
    private final DataSource database;

    public JdbcStorage(DataSource database) throws IOException {
        this.database = database;
        call("create the table", connection -> {
            try (PreparedStatement create = connection.prepareStatement("create table if not exists objects ("
                    + "name varchar(512) primary key, content blob not null, length bigint not null,"
                    + " modified timestamp not null)")) {
                return create.executeUpdate();
            }
        });
    }

    @FunctionalInterface
    private interface Call<T> {
        T run(Connection connection) throws SQLException, IOException;
    }

    private <T> T call(String what, Call<T> call) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
        try (Connection connection = database.getConnection()) {
            return call.run(connection);
        } catch (SQLException e) {
            throw new IOException("cannot " + what + " in " + location() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (InputStream in = content.open()) {
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = in.read(buffer)) >= 0; ) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted while storing " + key);
                }
                bytes.write(buffer, 0, n);
            }
        }
        Instant now = Instant.now();
        String sql = condition == PutCondition.IF_ABSENT
                ? "insert into objects (name, content, length, modified) values (?, ?, ?, ?)"
                : "merge into objects (name, content, length, modified) key (name) values (?, ?, ?, ?)";
        return call("store " + key, connection -> {
            try (PreparedStatement put = connection.prepareStatement(sql)) {
                put.setString(1, key.value());
                put.setBytes(2, bytes.toByteArray());
                put.setLong(3, bytes.size());
                put.setTimestamp(4, Timestamp.from(now));
                put.executeUpdate();
                return new ObjectInfo(key, bytes.size(), now);
            } catch (SQLIntegrityConstraintViolationException e) {
                throw new PreconditionFailedException(key, location());
            }
        });
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        byte[] content = call("read " + key, connection -> {
            try (PreparedStatement get = connection.prepareStatement("select content from objects where name = ?")) {
                get.setString(1, key.value());
                try (ResultSet rows = get.executeQuery()) {
                    if (!rows.next()) {
                        throw new FileNotFoundException("no object " + key + " in " + location());
                    }
                    return rows.getBytes(1);
                }
            }
        });
        return range.slice(new ByteArrayInputStream(content));
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        return query("name = ?", key.value()).stream().findFirst();
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("prefix is neither empty nor ends with a slash: '" + prefix + "'");
        }
        for (ObjectInfo object : query("name like ?", prefix.replace("_", "\\_") + "%")) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while listing");
            }
            visitor.visit(object);
        }
    }

    private List<ObjectInfo> query(String condition, String value) throws IOException {
        return call("list", connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("select name, length, modified from objects where " + condition)) {
                select.setString(1, value);
                List<ObjectInfo> found = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        found.add(new ObjectInfo(
                                new ObjectKey(rows.getString(1)),
                                rows.getLong(2),
                                rows.getTimestamp(3).toInstant()));
                    }
                }
                return found;
            }
        });
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        call("delete", connection -> {
            try (PreparedStatement delete = connection.prepareStatement("delete from objects where name = ?")) {
                for (ObjectKey key : keys) {
                    delete.setString(1, key.value());
                    delete.executeUpdate();
                }
                return keys;
            }
        });
    }

    @Override
    public String location() {
        return "table objects";
    }
}
