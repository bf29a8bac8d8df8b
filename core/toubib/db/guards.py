"""What the database itself refuses: overlapping live times, illegal moves of a state, changes of history."""

from sqlalchemy import Connection, text

from toubib.db.states import MACHINES

FIRST_MACHINES = ("appointment", "encounter", "money_due", "payment_attempt", "claim", "prescription")
"""The machines of the first migration; later tables bring theirs with `guard_moves`."""

APPEND_ONLY = ("audit_event", "audit_seal", "ledger_transfer")

SQLITE_OVERLAP = """
CREATE TRIGGER occupancy_no_overlap_{moment} BEFORE {event} ON occupancy
WHEN NEW.state IN ('held', 'taken') AND EXISTS (
    SELECT 1 FROM occupancy o
    WHERE o.subject = NEW.subject AND o.lane = NEW.lane AND o.id <> NEW.id AND o.state IN ('held', 'taken')
      AND o.starts_at < NEW.ends_at AND NEW.starts_at < o.ends_at)
BEGIN SELECT RAISE(ABORT, 'occupancy_no_overlap'); END
"""

POSTGRES_OVERLAP = """
ALTER TABLE occupancy ADD CONSTRAINT occupancy_no_overlap EXCLUDE USING gist
    (subject WITH =, lane WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (state IN ('held', 'taken'))
"""


def install(connection: Connection) -> None:
    """Create every guard of the core. Run once, by the first migration."""
    install_state_moves(connection)
    for statement in _overlap(connection.dialect.name):
        connection.execute(text(statement))
    for table in FIRST_MACHINES:
        guard_moves(connection, table)
    for table in APPEND_ONLY:
        for statement in _append_only(connection.dialect.name, table):
            connection.execute(text(statement))


def guard_moves(connection: Connection, table: str) -> None:
    """Let the database refuse illegal moves of one table's status. Run once, by the migration that creates the table."""
    for statement in _moves_only(connection.dialect.name, table):
        connection.execute(text(statement))


def install_pending(connection: Connection) -> None:
    """Have the database note every new event for the sealer. Run once; what has no link yet is noted too."""
    note = "INSERT INTO audit_pending (id) VALUES (NEW.id)"
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(f"CREATE FUNCTION audit_event_pending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note}; RETURN NULL; END $$")
        )
        connection.execute(
            text("CREATE TRIGGER audit_event_pending AFTER INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_pending()")
        )
    else:
        connection.execute(text(f"CREATE TRIGGER audit_event_pending AFTER INSERT ON audit_event BEGIN {note}; END"))
    connection.execute(
        text("INSERT INTO audit_pending (id) SELECT id FROM audit_event WHERE id NOT IN (SELECT event_id FROM audit_seal)")
    )


def refuse_truncation(connection: Connection) -> None:
    """PostgreSQL empties a table past row triggers: refuse that too where history is kept. Run once."""
    if connection.dialect.name != "postgresql":
        return
    for table in APPEND_ONLY:
        connection.execute(
            text(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()")
        )


def install_state_moves(connection: Connection) -> None:
    """Write the legal moves of every machine, as the code declares them, into the table the triggers read."""
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS state_move (machine VARCHAR NOT NULL, state_from VARCHAR NOT NULL, "
            "state_to VARCHAR NOT NULL, CONSTRAINT pk_state_move PRIMARY KEY (machine, state_from, state_to))"
        )
    )
    connection.execute(text("DELETE FROM state_move"))
    for table, machine in MACHINES.items():
        for state_from, state_to in sorted(machine.moves):
            connection.execute(
                text("INSERT INTO state_move VALUES (:machine, :state_from, :state_to)"),
                {"machine": table, "state_from": state_from, "state_to": state_to},
            )


def _overlap(dialect: str) -> list[str]:
    if dialect == "postgresql":
        return ["CREATE EXTENSION IF NOT EXISTS btree_gist", POSTGRES_OVERLAP]
    return [
        SQLITE_OVERLAP.format(moment="insert", event="INSERT"),
        SQLITE_OVERLAP.format(moment="update", event="UPDATE"),
    ]


def _moves_only(dialect: str, table: str) -> list[str]:
    first = "', '".join(sorted(MACHINES[table].first))
    if dialect == "postgresql":
        return [
            f"""CREATE FUNCTION {table}_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF TG_OP = 'INSERT' THEN
                    IF NEW.status NOT IN ('{first}') THEN RAISE EXCEPTION 'illegal_state {table}: %', NEW.status; END IF;
                ELSIF NEW.status <> OLD.status AND NOT EXISTS (SELECT 1 FROM state_move
                    WHERE machine = '{table}' AND state_from = OLD.status AND state_to = NEW.status) THEN
                    RAISE EXCEPTION 'illegal_state {table}: % to %', OLD.status, NEW.status;
                END IF; RETURN NEW; END $$""",  # noqa: S608  every name comes from our own table of machines
            f"CREATE TRIGGER {table}_moves BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_moves()",
        ]
    return [
        f"""CREATE TRIGGER {table}_first_state BEFORE INSERT ON {table} WHEN NEW.status NOT IN ('{first}')
            BEGIN SELECT RAISE(ABORT, 'illegal_state {table}'); END""",
        f"""CREATE TRIGGER {table}_moves BEFORE UPDATE ON {table} WHEN NEW.status <> OLD.status AND NOT EXISTS
            (SELECT 1 FROM state_move WHERE machine = '{table}' AND state_from = OLD.status AND state_to = NEW.status)
            BEGIN SELECT RAISE(ABORT, 'illegal_state {table}'); END""",  # noqa: S608  as above
    ]


def _append_only(dialect: str, table: str) -> list[str]:
    if dialect == "postgresql":
        return [
            f"""CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'append_only {table}'; END $$""",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
        ]
    return [
        f"CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'append_only {table}'); END"
        for event in ("UPDATE", "DELETE")
    ]
