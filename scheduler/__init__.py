"""When things happen: the timetable as data, the run ledger, one room per job, the sender."""
