//! Host and virtual card, two readings of one specification, must agree.

mod issuing;
