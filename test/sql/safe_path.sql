-- The doors of the decision path carry no SET search_path: names are ours all the same.
\i test/sql/desk.inc
