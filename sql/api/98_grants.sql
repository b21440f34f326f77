/* Reading is for everybody with the role; writing goes through functions. */
GRANT SELECT ON ALL TABLES IN SCHEMA arbees TO arbees_viewer;
