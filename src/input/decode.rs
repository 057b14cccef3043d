//! From a file's raw bytes to UTF-8: decompression, character encoding, and the hash of what was read.
//!
//! Compression is told by magic bytes, so that it also works on standard input and under any file name. The
//! encoding is decided once a file, from its head. Nothing is repaired: a file thought UTF-8 passes on its bytes as
//! they are, and who reads rows refuses those that are not valid.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::error::{InputError, of_place};
#[cfg(feature = "exchange")]
use super::formats::arrow::is_stream;
use super::formats::parquet::is_parquet;
use super::source::Source;

/// How much of a file its encoding is decided on: enough that a text with accents shows some.
const HEAD_BYTES: usize = 1 << 20;
/// How much decoded text is kept to recognise the format by: keys of JSON may stand behind a long text.
const SAMPLE_BYTES: usize = HEAD_BYTES;
/// How much is decoded at a time.
const DECODE_BYTES: usize = 1 << 16;
/// What a gzip member begins with.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// What a zstd frame begins with.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// What files begin with that people take for delimited text, what they are, and what is read in their place.
const NOT_TEXT: [(&[u8], &str, &str); 3] = [
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook",
        "save a workbook as CSV, unpack an archive, and name the files that come of it",
    ),
    (&[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook", "save it as CSV, and name that file"),
    (
        b"%PDF",
        "a PDF document",
        "export the conversations as text, CSV or JSON; `undertone formats` lists what is read",
    ),
];

/// The character encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// Windows-1252, the superset of Latin-1 that spreadsheets write.
    Windows1252,
}

impl Encoding {
    /// The name as the WHATWG Encoding Standard has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// The decoder, unless bytes pass as they are.
    const fn decoder(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(encoding_rs::UTF_16LE),
            Self::Utf16Be => Some(encoding_rs::UTF_16BE),
            Self::Windows1252 => Some(encoding_rs::WINDOWS_1252),
        }
    }

    /// Decides on a file's `head`, and how many of its bytes are a byte order mark. `is_whole`: nothing follows.
    fn of(head: &[u8], is_whole: bool) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => (Self::without_mark(head, is_whole), 0),
        }
    }

    fn without_mark(head: &[u8], is_whole: bool) -> Self {
        // A header's first sixteen characters are nearly all ASCII, which in UTF-16 is every other byte NUL.
        let nul_share = |offset: usize| {
            let half = head.iter().take(32).skip(offset).step_by(2);
            let (count, nuls) = half.fold((0, 0), |(count, nuls), &byte| (count + 1, nuls + usize::from(byte == 0)));
            (nuls * 10, count * 7)
        };
        let (even, odd) = (nul_share(0), nul_share(1));
        if odd.0 > odd.1 && even.0 == 0 {
            return Self::Utf16Le;
        }
        if even.0 > even.1 && odd.0 == 0 {
            return Self::Utf16Be;
        }
        // Accents of Windows-1252 hardly ever happen to form valid UTF-8; damage in UTF-8 is rarer than its accents.
        let (mut accents, mut invalid) = (0_usize, 0_usize);
        let mut rest = head.len();
        for chunk in head.utf8_chunks() {
            accents += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            rest -= chunk.valid().len() + chunk.invalid().len();
            let is_cut_off = rest == 0 && !is_whole;
            invalid += usize::from(!chunk.invalid().is_empty() && !is_cut_off);
        }
        if invalid > accents { Self::Windows1252 } else { Self::Utf8 }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Counts and hashes the raw bytes that pass.
struct Tap {
    inner: Box<dyn Read>,
    hasher: blake3::Hasher,
    bytes: u64,
}

/// A handle on a [`Tap`] that others read through, to ask it afterwards what passed.
#[derive(Clone)]
pub(super) struct TapHandle(Rc<RefCell<Tap>>);

impl Read for TapHandle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let tap = &mut *self.0.borrow_mut();
        let count = tap.inner.read(buffer)?;
        tap.hasher.update(&buffer[..count]);
        tap.bytes += count as u64;
        Ok(count)
    }
}

impl TapHandle {
    fn new(inner: Box<dyn Read>) -> Self {
        Self(Rc::new(RefCell::new(Tap { inner, hasher: blake3::Hasher::new(), bytes: 0 })))
    }

    /// Raw bytes read so far.
    pub(super) fn passed(&self) -> u64 {
        self.0.borrow().bytes
    }

    /// The BLAKE3 hash of the raw bytes read so far, in hexadecimal.
    pub(super) fn hash(&self) -> String {
        self.0.borrow().hasher.finalize().to_hex().to_string()
    }
}

/// An opened file: its text as bytes of UTF-8 (valid unless the file is not), and what was found out about it.
pub(super) struct Opened {
    /// The text, without byte order mark.
    pub(super) reader: Box<dyn Read>,
    /// The beginning of the text.
    pub(super) sample: Vec<u8>,
    /// What was found out about the file.
    pub(super) about: About,
}

/// What was found out about an opened file.
#[derive(Clone)]
pub(super) struct About {
    /// The path as shown.
    pub(super) path: String,
    /// `gzip` or `zstd`, if compressed.
    pub(super) compression: Option<&'static str>,
    /// The encoding found.
    pub(super) encoding: Encoding,
    /// What the raw bytes pass through.
    pub(super) tap: TapHandle,
}

impl About {
    /// What an error while reading [`Opened::reader`] means.
    pub(super) fn failed(&self, error: io::Error) -> InputError {
        failure(&self.path, self.compression, error)
    }
}

impl Opened {
    /// # Errors
    /// [`InputError::Unreadable`], [`InputError::Damaged`] or [`InputError::NotText`].
    pub(super) fn open(source: &Source) -> Result<Self, InputError> {
        let path = source.name();
        let raw = source.open().map_err(|source| InputError::Unreadable { path: path.clone(), source })?;
        Self::from_raw(path, raw)
    }

    pub(super) fn from_raw(path: String, raw: Box<dyn Read>) -> Result<Self, InputError> {
        let mut tap = TapHandle::new(raw);
        let magic = up_to(&mut tap, 4).map_err(|error| failure(&path, None, error))?;
        if let Some((_, found, instead)) = NOT_TEXT.iter().find(|(begin, ..)| magic.starts_with(begin)) {
            return Err(InputError::NotText { path, found, instead });
        }
        let compression = compression(&path, &magic);
        let whole = Cursor::new(magic).chain(tap.clone());
        let mut plain: Box<dyn Read> = match compression {
            Some("gzip") => Box::new(flate2::read::MultiGzDecoder::new(whole)),
            Some(_) => {
                Box::new(zstd::stream::read::Decoder::new(whole).map_err(|error| failure(&path, compression, error))?)
            }
            None => Box::new(whole),
        };
        let head = up_to(&mut plain, HEAD_BYTES).map_err(|error| failure(&path, compression, error))?;
        // What is no text passes as it is.
        let is_text = !is_parquet(&head) && !is_stream(&head);
        let (encoding, mark) = if is_text { Encoding::of(&head, head.len() < HEAD_BYTES) } else { (Encoding::Utf8, 0) };
        let sampled = &head[mark..head.len().min(mark + SAMPLE_BYTES)];
        let sample = encoding.decoder().map_or_else(
            || sampled.to_vec(),
            |decoder| decoder.decode_without_bom_handling(sampled).0.into_owned().into(),
        );
        let mut head = Cursor::new(head);
        head.set_position(mark as u64);
        let bytes = head.chain(plain);
        let reader: Box<dyn Read> = match encoding.decoder() {
            None => Box::new(bytes),
            decoder => Box::new(
                DecodeReaderBytesBuilder::new()
                    .encoding(decoder)
                    .bom_sniffing(false)
                    .build_with_buffer(bytes, vec![0; DECODE_BYTES])
                    .map_err(|error| failure(&path, compression, error))?,
            ),
        };
        Ok(Self { reader, sample, about: About { path, compression, encoding, tap } })
    }
}

fn failure(path: &str, compression: Option<&'static str>, source: io::Error) -> InputError {
    let path = path.to_owned();
    match compression {
        Some(compression) if of_place(&source).is_none() => InputError::Damaged { path, compression, source },
        _ => InputError::Unreadable { path, source },
    }
}

/// No Arrow is read by such a build.
#[cfg(not(feature = "exchange"))]
const fn is_stream(_head: &[u8]) -> bool {
    false
}

/// Compression by magic bytes. The ending decides only where a file is too short to tell, since it is then cut off.
fn compression(path: &str, magic: &[u8]) -> Option<&'static str> {
    let ends_in = |ending: &str| magic.len() < 4 && path.to_ascii_lowercase().ends_with(ending);
    if magic.starts_with(GZIP_MAGIC) || ends_in(".gz") {
        Some("gzip")
    } else if magic == ZSTD_MAGIC || ends_in(".zst") {
        Some("zstd")
    } else {
        None
    }
}

fn up_to(reader: &mut impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::exit::Stops;

    fn open(name: &str, bytes: &[u8]) -> Result<Opened, InputError> {
        Opened::from_raw(name.to_owned(), Box::new(Cursor::new(bytes.to_vec())))
    }

    fn text(name: &str, bytes: &[u8]) -> (String, Encoding) {
        let mut opened = open(name, bytes).unwrap();
        let mut text = String::new();
        opened.reader.read_to_string(&mut text).unwrap();
        assert_eq!(opened.about.tap.passed(), bytes.len() as u64);
        assert_eq!(opened.about.tap.hash(), blake3::hash(bytes).to_hex().to_string());
        assert!(text.as_bytes().starts_with(&opened.sample));
        (text, opened.about.encoding)
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const SAMPLE: &str = "call_id,text\nc1,Grüße „an“ alle 😀\n";

    #[test]
    fn encodings_are_found_with_and_without_marks() {
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
        let (le, be) = (utf16(SAMPLE, u16::to_le_bytes), utf16(SAMPLE, u16::to_be_bytes));
        for (bytes, encoding) in [
            (SAMPLE.as_bytes().to_vec(), Encoding::Utf8),
            (marked(&[0xef, 0xbb, 0xbf], SAMPLE.into()), Encoding::Utf8),
            (marked(&[0xff, 0xfe], le.clone()), Encoding::Utf16Le),
            (marked(&[0xfe, 0xff], be.clone()), Encoding::Utf16Be),
            (le, Encoding::Utf16Le),
            (be, Encoding::Utf16Be),
        ] {
            assert_eq!(text("a.csv", &bytes), (SAMPLE.to_owned(), encoding));
        }
        let latin = b"call_id,text\nc1,caf\xe9 \x93ok\x94 \x80 5\n";
        let expected = "call_id,text\nc1,café “ok” € 5\n".to_owned();
        assert_eq!(text("a.csv", latin), (expected, Encoding::Windows1252));
        assert_eq!(text("a.csv", b""), (String::new(), Encoding::Utf8));
    }

    #[test]
    fn a_little_damage_does_not_make_utf8_windows_1252() {
        let mut opened = open("a.csv", "call_id,text\nc1,Grüße\nc2,é\n".as_bytes()).unwrap();
        assert_eq!(opened.about.encoding, Encoding::Utf8);
        let damaged = [SAMPLE.as_bytes(), b"c2,\xff\n"].concat();
        opened = open("a.csv", &damaged).unwrap();
        assert_eq!(opened.about.encoding, Encoding::Utf8);
        let mut bytes = Vec::new();
        opened.reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, damaged, "bytes pass as they are");
    }

    #[test]
    fn a_character_cut_by_the_end_of_the_head_is_not_damage() {
        let long = format!("call_id,text\n{}é", "x".repeat(HEAD_BYTES - 14));
        assert_eq!(text("a.csv", long.as_bytes()).1, Encoding::Utf8);
    }

    #[test]
    fn compression_is_told_by_content() {
        let zstd = zstd::encode_all(SAMPLE.as_bytes(), 3).unwrap();
        let gz = gzip(SAMPLE.as_bytes());
        assert_eq!(text("-", &gz).0, SAMPLE);
        assert_eq!(text("-", &zstd).0, SAMPLE);
        assert_eq!(text("x.csv.gz", SAMPLE.as_bytes()).0, SAMPLE);
        assert_eq!(text("a.gz", &[gz.clone(), gz].concat()).0, SAMPLE.repeat(2), "members are joined");
        assert_eq!(text("a.zst", &[zstd.clone(), zstd].concat()).0, SAMPLE.repeat(2), "frames are joined");
        let wide = gzip(&utf16(SAMPLE, u16::to_le_bytes));
        assert_eq!(text("a.gz", &wide), (SAMPLE.to_owned(), Encoding::Utf16Le));
    }

    #[test]
    fn a_compressed_file_that_is_cut_off_is_an_error_at_any_length() {
        let numbers: Vec<String> = (0..50_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
        let long = numbers.join(",\n");
        for (name, bytes) in
            [("a.csv.gz", gzip(long.as_bytes())), ("a.csv.zst", zstd::encode_all(long.as_bytes(), 1).unwrap())]
        {
            for cut in [0, 1, 3, 5, 12, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
                let result = open(name, &bytes[..cut]).and_then(|mut opened| {
                    let mut rest = Vec::new();
                    let result = opened.reader.read_to_end(&mut rest);
                    result.map_err(|error| opened.about.failed(error))
                });
                assert!(matches!(result, Err(InputError::Damaged { .. })), "{name} cut at {cut}");
            }
        }
    }

    #[test]
    fn workbooks_are_named() {
        let error = open("a.csv", b"PK\x03\x04rest").err().unwrap();
        assert_eq!(
            error.to_string(),
            "a.csv: this is a zip archive or an Excel workbook, not a transcript in a known format"
        );
        assert!(error.is_no_transcript(), "in a folder it is passed over");
        assert_eq!(
            error.hint().unwrap(),
            "save a workbook as CSV, unpack an archive, and name the files that come of it"
        );
    }
}
