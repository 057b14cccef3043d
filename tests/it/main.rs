//! Tests of the whole program, in one binary: they run it against the sample data and the stand-in.

mod sample_data;
#[path = "../standin/mod.rs"]
mod standin;
