//! Tests that look inside: recorded channels have challenges that a card does not choose again.

mod known_answers;
