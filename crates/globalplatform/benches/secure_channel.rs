//! What a wrapped command costs the center.
fn main() {
    divan::main();
}
