//! Those who are slow, or send too much.
