-- Statements of a day: the codes that were given out, the keys behind them, and wrong codes that were asked for.

CREATE TABLE statement_keys (
    month {text} PRIMARY KEY,
    key {bytes} NOT NULL
);

CREATE TABLE daily_statements (
    code {text} PRIMARY KEY,
    month {text} NOT NULL,
    body {text} NOT NULL
);

CREATE TABLE wrong_codes (
    asker {text} NOT NULL,
    hour BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (asker, hour)
);
