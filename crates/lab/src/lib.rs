//! A whole issuing world in one place: the demo, the simulation, faults and load, over the real crates.

pub mod demo;
pub mod life;
pub mod model_store;
pub mod payment_terminal;
pub mod shop;
pub mod simulation;
pub mod world;
