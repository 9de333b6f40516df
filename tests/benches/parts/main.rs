//! What one step costs: reading, judging, rendering, storing. `cargo bench` runs it.
#![cfg(test)]

#[path = "../hospital.rs"]
mod hospital;
mod pure;
mod storing;

fn main() {
    divan::main();
}
