"""`[watch]`: a watcher outside hears once a minute that all is well; else it raises the alarm."""
