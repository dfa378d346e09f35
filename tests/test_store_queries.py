"""PostgreSQL can plan every named statement on the schema, whether or not another test runs it there."""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from bot.store.queries import shipped

_PARAMETER = re.compile(r"%\((\w+)\)s")


def test_postgresql_plans_every_statement(store_url: str) -> None:
    statements = shipped("postgres", "psycopg")
    faults = {}
    with psycopg.connect(store_url, autocommit=True) as connection:
        for name, query in statements.items():
            try:
                connection.execute(
                    sql.SQL("PREPARE {} AS ").format(sql.Identifier(name)) + _numbered(query.sql)
                )
            except psycopg.Error as error:
                faults[name] = str(error)

    assert len(statements) > 300
    assert faults == {}


def _numbered(text: str) -> sql.Composable:
    """Return *text* with its parameters as $1, $2 …"""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    numbered = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    return sql.SQL(numbered.replace("%%", "%").replace("{", "{{").replace("}", "}}"))
