//! Addresses that can't be reached, whatever is done there.

use crate::exit::{ExitCode, Stops};

/// Why a place can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// An address of another kind of store.
    #[error("{place}: {scheme}:// is no place that is read or written")]
    Scheme {
        /// The address as it was typed.
        place: String,
        /// What stands before `://`.
        scheme: String,
    },
    /// An address without a bucket, or with an empty folder name.
    #[error("{place}: this is not of the form s3://bucket/prefix")]
    Form {
        /// The address as it was typed.
        place: String,
    },
    /// A build that reaches no object stores.
    #[error("{place}: this build reaches no object stores")]
    NotBuilt {
        /// The address as it was typed.
        place: String,
    },
    /// An address where only a local path will do.
    #[error("{place} is on an object store, and only a local path can stand here")]
    NotLocal {
        /// The address as it was typed.
        place: String,
    },
    /// The store, or the way to it, failed.
    #[cfg(feature = "object-stores")]
    #[error(transparent)]
    Store(#[from] super::fault::StoreError),
}

impl Stops for PlaceError {
    fn code(&self) -> ExitCode {
        match self {
            #[cfg(feature = "object-stores")]
            Self::Store(error) => error.code(),
            _ => ExitCode::Settings,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Scheme { scheme, .. } => scheme_hint(&scheme.to_ascii_lowercase()).to_owned(),
            Self::Form { .. } => {
                "write s3://BUCKET/PREFIX/, s3://BUCKET/KEY or s3://BUCKET/PREFIX/**/*.csv.gz".to_owned()
            }
            Self::NotBuilt { .. } => {
                "build a program that does, with cargo build --release --features object-stores".to_owned()
            }
            Self::NotLocal { place } => format!("copy it to this machine first: aws s3 cp --recursive {place} DIR"),
            #[cfg(feature = "object-stores")]
            Self::Store(error) => return error.hint(),
        })
    }
}

fn scheme_hint(scheme: &str) -> &'static str {
    match scheme {
        "gs" | "gcs" => "copy the files to this machine with gsutil cp, and name that folder",
        "az" | "abfs" | "abfss" | "azure" => {
            "copy the files to this machine with az storage blob download-batch, and name that folder"
        }
        _ => "name a local path, or s3://BUCKET/PREFIX",
    }
}
