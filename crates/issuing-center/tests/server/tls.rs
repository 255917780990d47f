//! TLS 1.3 alone, nothing resumed.
