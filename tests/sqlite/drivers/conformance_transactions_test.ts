import { connect, type Connection, connectReadOnly, SqliteError } from "../../../db.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

function values(connection: Connection): unknown[] {
  return connection.prepare("SELECT a FROM v ORDER BY a").all().map(({ a }) => a);
}

for (const driver of DRIVERS) {
  const open = async (): Promise<Connection> => {
    const connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a UNIQUE ON CONFLICT ABORT)");
    return connection;
  };

  Deno.test(`${driver}: Connection.transaction() commits and returns what its body returns`, async () => {
    using connection = await open();
    const result = connection.transaction(() => {
      assertEquals(connection.inTransaction, true);
      connection.exec("INSERT INTO v VALUES (1)");
      return "result";
    });
    assertEquals(result, "result");
    assertEquals(connection.inTransaction, false);
    assertEquals(values(connection), [1]);
  });

  Deno.test(`${driver}: Connection.transaction() rolls back when its body throws`, async () => {
    using connection = await open();
    const thrown = new Error("no");
    const error = assertThrows(() =>
      connection.transaction(() => {
        connection.exec("INSERT INTO v VALUES (1)");
        throw thrown;
      })
    );
    assertEquals(error === thrown, true);
    assertEquals(connection.inTransaction, false);
    assertEquals(values(connection), []);
  });

  Deno.test(`${driver}: Connection.transaction() inside another is a savepoint`, async () => {
    using connection = await open();
    const insert = connection.prepare("INSERT INTO v VALUES (?)");
    const attempt = (body: () => void) => {
      assertThrows(
        () =>
          connection.transaction(() => {
            body();
            throw new RangeError("undo");
          }),
        RangeError,
        "undo",
      );
    };
    connection.transaction(() => {
      insert.run(1);
      attempt(() => {
        insert.run(2);
        connection.transaction(() => insert.run(3));
      });
      connection.transaction(() => {
        insert.run(4);
        attempt(() => insert.run(5));
      });
      assertEquals(connection.inTransaction, true);
    });
    assertEquals(values(connection), [1, 4]);
  });

  Deno.test(`${driver}: Connection.transaction() continues after a statement that failed inside`, async () => {
    using connection = await open();
    const insert = connection.prepare("INSERT INTO v VALUES (?)");
    connection.transaction(() => {
      insert.run(1);
      assertThrows(() => insert.run(1), SqliteError, "UNIQUE constraint failed");
      assertThrows(() => insert.get(1), SqliteError, "UNIQUE constraint failed");
      assertThrows(() => insert.all(1), SqliteError, "UNIQUE constraint failed");
      insert.run(2);
    });
    assertEquals(values(connection), [1, 2]);
  });

  Deno.test(`${driver}: Connection.transaction() throws the error that ended its transaction`, async () => {
    using connection = await open();
    for (const depth of [1, 2]) {
      const body = () => {
        connection.exec("INSERT INTO v VALUES (1)");
        connection.exec("INSERT OR ROLLBACK INTO v VALUES (1)");
      };
      assertThrows(
        () => connection.transaction(depth === 1 ? body : () => connection.transaction(body)),
        SqliteError,
        "UNIQUE constraint failed",
      );
      assertEquals(connection.inTransaction, false);
      assertEquals(values(connection), []);
    }
  });

  Deno.test(`${driver}: Connection.transaction() rolls back when its commit fails`, async () => {
    using connection = await open();
    connection.exec(`CREATE TABLE child (
      a REFERENCES v(a) DEFERRABLE INITIALLY DEFERRED)`);
    const error = assertThrows(
      () => connection.transaction(() => connection.exec("INSERT INTO child VALUES (9)")),
      SqliteError,
      "FOREIGN KEY constraint failed",
    );
    assertEquals(error.code, "constraint");
    assertEquals(connection.inTransaction, false);
    assertEquals(connection.prepare("SELECT count(*) AS n FROM child").get()!.n, 0);
  });

  Deno.test(`${driver}: Connection.transaction() refuses an asynchronous body`, async () => {
    using connection = await open();
    const ran: string[] = [];
    assertThrows(
      () =>
        connection.transaction(async () => {
          ran.push("async");
          await Promise.resolve();
        }),
      TypeError,
      "asynchronous",
    );
    assertThrows(
      () =>
        connection.transaction(() => {
          connection.exec("INSERT INTO v VALUES (2)");
          return Promise.reject(new Error("not awaited"));
        }),
      TypeError,
      "asynchronous",
    );
    await Promise.resolve();
    assertEquals(ran, []);
    assertEquals(connection.inTransaction, false);
    assertEquals(values(connection), []);
  });

  Deno.test(`${driver}: Connection.transaction() joins one that was begun by hand`, async () => {
    using connection = await open();
    connection.exec("BEGIN; INSERT INTO v VALUES (1)");
    connection.transaction(() => connection.exec("INSERT INTO v VALUES (2)"));
    assertEquals(connection.inTransaction, true);
    connection.exec("ROLLBACK");
    assertEquals(values(connection), []);
  });

  Deno.test(`${driver}: Connection.transaction() throws its body's error when that closed the connection`, async () => {
    const connection = await open();
    assertThrows(
      () =>
        connection.transaction(() => {
          connection.close();
          throw new RangeError("mine");
        }),
      RangeError,
      "mine",
    );
  });

  Deno.test(`${driver}: Connection.close() undoes a transaction that is open`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    {
      using writer = await connect(path, { driver });
      writer.exec("CREATE TABLE v (a); BEGIN; INSERT INTO v VALUES (1)");
      writer.prepare("SELECT a FROM v").get();
    }
    using reader = await connectReadOnly(path, { driver });
    assertEquals(values(reader), []);
  });

  Deno.test(`${driver}: Connection.transaction() is seen by a reader when it commits, all at once`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a)");
    using reader = await connectReadOnly(path, { driver });
    writer.transaction(() => {
      writer.exec("INSERT INTO v VALUES (1)");
      assertEquals(values(reader), []);
      writer.exec("INSERT INTO v VALUES (2)");
      assertEquals(values(reader), []);
      assertEquals(values(writer), [1, 2]);
    });
    assertEquals(values(reader), [1, 2]);
  });

  Deno.test(`${driver}: Connection keeps the snapshot of a reader's transaction`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a)");
    using reader = await connectReadOnly(path, { driver });
    reader.exec("BEGIN");
    assertEquals(values(reader), []);
    writer.exec("INSERT INTO v VALUES (1)");
    assertEquals(values(reader), []);
    reader.exec("COMMIT");
    assertEquals(values(reader), [1]);
  });
}
