//! What the program does when it is told to: one file per command, without the command line itself.

pub mod labels;
pub mod train;
