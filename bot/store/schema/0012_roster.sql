-- Lines of `import roster`. Each holds beside the configured roster until the line of the same person there is another
-- one than it was at the import (beside; empty: there was none).
CREATE TABLE roster_lines (
    userid {text} PRIMARY KEY,
    line {text} NOT NULL,
    beside {text} NOT NULL,
    imported_at BIGINT NOT NULL
);
