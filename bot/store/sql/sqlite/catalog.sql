-- What the schema has: for the copy to PostgreSQL, which needs the columns of every table.

-- name: catalog_columns()
-- Columns of all tables but those of the migrations. key_place: from 1, place in the primary key; else 0.
SELECT tables.name AS table_name, columns.name AS column_name, columns.pk AS key_place,
       tables.sql LIKE '%AUTOINCREMENT%' AS is_numbered
  FROM sqlite_master AS tables
  JOIN pragma_table_info(tables.name) AS columns
 WHERE tables.type = 'table'
   AND tables.name NOT IN ('_sqlite_migrations', 'sqlite_sequence')
 ORDER BY tables.rowid, columns.cid;
