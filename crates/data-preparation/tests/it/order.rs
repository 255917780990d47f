//! Orders: each broken rule is named with its field.
