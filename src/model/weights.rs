//! A model's bytes: what a trained model is on disk and in the binary, and how it is read where it lies.
//!
//! ```text
//! offset  bytes        what (all numbers little endian)
//! 0       8            "undrtone"
//! 8       4            format, 1: also fixes hashes, n-grams and numbers
//! 12      4            b, the number of buckets as a power of two (10 to 20)
//! 16      32           name, UTF-8, filled up with zeros
//! 48      4            scale of the bucket weights (f32)
//! 52      2 · 24 · 4   weights of the charges' numbers, towards positive, then towards negative (f32)
//! 244     5 · 8        calibration: slope, positive, negative; mixed offset and slope (f64)
//! 284     81,920       lexicon: 16,384 keys (u32), then 16,384 meanings (i8)
//! 82,204  2 · 2^b      bucket weights: towards positive and towards negative (i8), bucket by bucket
//! ```
//!
//! Neutral has no weights: it is what both others are measured against. Nothing is unpacked on loading; what is
//! checked is the size and that the numbers are numbers.

use std::borrow::Cow;

use super::calibration::Calibration;
use super::features::NUMBERS;
use super::lexicon::{Lexicon, TABLE_BYTES};
use crate::exit::{ExitCode, Stops};

const MAGIC: &[u8; 8] = b"undrtone";
const FORMAT: u32 = 1;
const NAME_BYTES: usize = 32;
/// Bytes before the lexicon.
const HEAD_BYTES: usize = 8 + 4 + 4 + NAME_BYTES + 4 + 2 * NUMBERS * 4 + 5 * 8;
/// Fewest and most bucket bits that are read.
const BITS: std::ops::RangeInclusive<u32> = 10..=20;

/// Why bytes are not a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The bytes are something else.
    #[error("not a model of undertone")]
    NotAModel,
    /// Written by another version of the program.
    #[error("model format {found}, this program reads format {FORMAT}")]
    Format {
        /// The format that the bytes name.
        found: u32,
    },
    /// Cut short, or changed.
    #[error("the model is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
}

impl Stops for ModelError {
    fn code(&self) -> ExitCode {
        ExitCode::Settings
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAModel => {
                "a model is a file that `undertone train --out` wrote, or a folder with model.onnx, tokenizer.json \
                                and config.json"
                    .to_owned()
            }
            Self::Format { .. } => "train the model again with this version".to_owned(),
            Self::Damaged { .. } => "copy the file again, or train the model again".to_owned(),
        })
    }
}

/// The numbers before the tables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// What the model calls itself.
    pub(crate) name: String,
    /// The number of buckets as a power of two.
    pub(crate) bits: u32,
    /// What a bucket weight of 1 is worth.
    pub(crate) scale: f32,
    /// Weights of the charges' numbers: towards positive, towards negative.
    pub(crate) numbers: [[f32; NUMBERS]; 2],
    /// From logits to probabilities.
    pub(crate) calibration: Calibration,
}

/// A model's bytes, read in place.
pub(crate) struct Weights {
    /// The numbers before the tables.
    pub(crate) head: Head,
    bytes: Cow<'static, [u8]>,
}

impl Weights {
    /// Reads a model.
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let head = Head::read(&bytes)?;
        if bytes.len() != HEAD_BYTES + TABLE_BYTES + (2 << head.bits) {
            return Err(ModelError::Damaged { what: "its size does not fit its number of buckets" });
        }
        Ok(Self { head, bytes })
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The lexicon in place.
    pub(crate) fn lexicon(&self) -> Lexicon<'_> {
        Lexicon::new(self.table()).expect("the size was checked on reading")
    }

    /// The lexicon's bytes.
    pub(crate) fn table(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..HEAD_BYTES + TABLE_BYTES]
    }

    /// The bucket weights: towards positive and towards negative, bucket by bucket.
    pub(crate) fn buckets(&self) -> &[[u8; 2]] {
        self.bytes[HEAD_BYTES + TABLE_BYTES..].as_chunks().0
    }
}

impl Head {
    /// The bytes of a model with this head and these tables.
    pub(crate) fn write(&self, table: &[u8], buckets: &[i8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + table.len() + buckets.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.bits.to_le_bytes());
        let end = self.name.floor_char_boundary(NAME_BYTES);
        let name = &self.name.as_bytes()[..end];
        bytes.extend_from_slice(name);
        bytes.resize(bytes.len() + NAME_BYTES - name.len(), 0);
        let singles = std::iter::once(&self.scale).chain(self.numbers.as_flattened());
        bytes.extend(singles.flat_map(|number| number.to_le_bytes()));
        bytes.extend(self.calibration.to_array().iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend_from_slice(table);
        bytes.extend(buckets.iter().map(|weight| weight.cast_unsigned()));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut fields = Fields { rest: bytes };
        if fields.take::<8>().as_ref() != Ok(MAGIC) {
            return Err(ModelError::NotAModel);
        }
        let found = u32::from_le_bytes(fields.take()?);
        if found != FORMAT {
            return Err(ModelError::Format { found });
        }
        let bits = u32::from_le_bytes(fields.take()?);
        if !BITS.contains(&bits) {
            return Err(ModelError::Damaged { what: "its number of buckets" });
        }
        let name = fields.take::<NAME_BYTES>()?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = str::from_utf8(name).map_err(|_| ModelError::Damaged { what: "its name" })?.to_owned();
        let scale = fields.single()?;
        let mut numbers = [[0.0; NUMBERS]; 2];
        for number in numbers.as_flattened_mut() {
            *number = fields.single()?;
        }
        let mut calibration = [0.0; 5];
        for number in &mut calibration {
            *number = fields.double()?;
        }
        Ok(Self { name, bits, scale, numbers, calibration: Calibration::from_array(calibration) })
    }
}

/// Takes numbers off the front of bytes.
struct Fields<'b> {
    rest: &'b [u8],
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(ModelError::Damaged { what: "it ends too early" })?;
        self.rest = rest;
        Ok(*field)
    }

    fn single(&mut self) -> Result<f32, ModelError> {
        let number = f32::from_le_bytes(self.take()?);
        number.is_finite().then_some(number).ok_or(ModelError::Damaged { what: "a weight is not a number" })
    }

    fn double(&mut self) -> Result<f64, ModelError> {
        let number = f64::from_le_bytes(self.take()?);
        number.is_finite().then_some(number).ok_or(ModelError::Damaged { what: "a weight is not a number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        let calibration = Calibration::from_array([0.9, 0.1, -0.2, -3.0, 0.7]);
        Head { name: "näme".into(), bits: 10, scale: 0.25, numbers: [[0.5; NUMBERS]; 2], calibration }
    }

    fn bytes() -> Vec<u8> {
        head().write(&vec![7; TABLE_BYTES], &[-3; 2 << 10])
    }

    #[test]
    fn a_model_is_read_as_it_was_written() {
        let weights = Weights::new(bytes().into()).expect("a model");
        assert_eq!(weights.head, head());
        assert!(weights.buckets().as_flattened().iter().all(|weight| weight.cast_signed() == -3));
        assert_eq!(weights.table(), vec![7; TABLE_BYTES]);
    }

    #[test]
    fn a_name_too_long_is_cut_between_characters() {
        let long = Head { name: format!("{}é", "x".repeat(31)), ..head() };
        let weights = Weights::new(long.write(&vec![0; TABLE_BYTES], &[0; 2 << 10]).into()).expect("a model");
        assert_eq!(weights.head.name, "x".repeat(31));
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        let read = |bytes: Vec<u8>| Weights::new(bytes.into()).err();
        assert_eq!(read(b"text,label".to_vec()), Some(ModelError::NotAModel));
        assert_eq!(read(Vec::new()), Some(ModelError::NotAModel));
        let mut newer = bytes();
        newer[8] = 9;
        assert_eq!(read(newer), Some(ModelError::Format { found: 9 }));
        let mut short = bytes();
        short.pop();
        assert!(matches!(read(short), Some(ModelError::Damaged { .. })));
        let mut broken = bytes();
        broken[48..52].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(matches!(read(broken), Some(ModelError::Damaged { .. })));
        for length in 0..300 {
            assert!(read(bytes()[..length].to_vec()).is_some());
        }
    }
}
