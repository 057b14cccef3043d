//! Which language a call is in: what a column states, what its words show, or what surrounds it.
//!
//! A short text names its language badly: every detector makes something of "order 12345". So the words of a call
//! decide alone only if there are enough of them, or if they are in a script that one language is written in. Else
//! the call is in the language that its words seem to be in if at least a tenth of its file is in that one; else in
//! the main language of its file, then of the run, then in the first language of the engine. Where that differs from
//! what its words seem to be in, it is assumed, and counted.
//!
//! `names` reads columns, `detect` reads letters, `evidence` counts the languages of files and run.

mod detect;
mod evidence;
mod names;

pub use evidence::{Collector, Evidence, Found, Sampled, Vote};
pub use names::{Column, stated};
