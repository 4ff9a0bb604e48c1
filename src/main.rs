//! The `damso` program.

fn main() {}
