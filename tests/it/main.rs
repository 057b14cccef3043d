//! Tests of the whole program, in one binary: they run it against the sample data and the stand-in.

#[path = "../standin/mod.rs"]
mod standin;
