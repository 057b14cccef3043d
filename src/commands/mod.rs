//! What each command of the program does, apart from how its arguments are read.

pub mod cache;
