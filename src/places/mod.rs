//! Places other than local folders: `s3://bucket/prefix`, for inputs and for outputs. Only a build with the feature
//! `object-stores` reaches them.
//!
//! - `Location` is such an address; every build knows one when it sees it, and can say what it lacks.
//! - `Bucket` is what is done there (`requests`): list, read, put (also on a condition), remove. Credentials,
//!   region and endpoint come from the standard AWS chain (`connect`); requests travel with the HTTP client that all of
//!   AWS has here (`http`), and are sent again by one rule only (`retry`), not by the library's.
//! - `reader`: objects as streams, which go on where they broke off, and the next small ones fetched ahead.
//! - `Lease`: one run at a time, by an object that its holder renews.
//! - `sending`: an object that is written as it comes to be, for jobs.
//! - `lifecycle`: what the bucket's own rules remove by themselves; `unfinished`: uploads that nobody goes on with; `ask`: their
//!   requests, which the library does not have.
//! - `upload`: a whole set of files put in place, as late as can be.
//!
//! The room's functions wait: they may be called from any thread, also from one that runs a runtime. Refuses to know
//! what a file holds. Messages name buckets, keys, codes and actions; never a body, a header or a signature.

mod error;
mod location;

#[cfg(feature = "jobs")]
mod ask;
#[cfg(feature = "object-stores")]
mod bucket;
#[cfg(feature = "object-stores")]
mod connect;
#[cfg(feature = "object-stores")]
mod fault;
#[cfg(feature = "object-stores")]
mod http;
#[cfg(feature = "object-stores")]
mod lease;
#[cfg(feature = "jobs")]
mod lifecycle;
#[cfg(feature = "object-stores")]
mod reader;
#[cfg(feature = "object-stores")]
mod requests;
#[cfg(feature = "object-stores")]
mod retry;
#[cfg(feature = "jobs")]
mod sending;
#[cfg(feature = "jobs")]
mod unfinished;
#[cfg(feature = "object-stores")]
mod upload;

pub use error::PlaceError;
pub(crate) use location::{location, refuse};

#[cfg(feature = "jobs")]
pub(crate) use bucket::Encryption;
#[cfg(feature = "object-stores")]
pub(crate) use bucket::{Bucket, Listed, On};
#[cfg(feature = "object-stores")]
pub(crate) use fault::StoreError;
#[cfg(feature = "object-stores")]
pub(crate) use lease::{Lease, LeaseError};
#[cfg(feature = "jobs")]
pub(crate) use lifecycle::Lifecycle;
#[cfg(feature = "object-stores")]
pub(crate) use location::Location;
#[cfg(feature = "object-stores")]
pub(crate) use reader::{Object, Queue};
#[cfg(feature = "jobs")]
pub(crate) use sending::{Lanes, Sending};
#[cfg(feature = "object-stores")]
pub(crate) use upload::{Upload, UploadError};
