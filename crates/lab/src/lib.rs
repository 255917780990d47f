//! A whole issuing world in one place: the demo, the simulation, faults and load, over the real crates.
