//! A single file, whole or not at all: written beside its place, flushed, renamed.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes `bytes` to `path`, where nothing may be yet, for its owner alone to read.
///
/// # Errors
/// The system's error: [`io::ErrorKind::AlreadyExists`] if there is something.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Temporary files are their owner's alone.
    beside(path, bytes)?.persist_noclobber(path)?;
    Ok(())
}

/// The same bytes in a temporary file of the same folder.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Writes `bytes` to `path`. When it fails, what was there before still is.
///
/// # Errors
/// The system's error.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = beside(path, bytes)?;
    // These are read by whoever runs the program.
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_replaces_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        write_private(&path, b"one").expect("writable");
        let again = write_private(&path, b"two").expect_err("there is a file");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "one");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&path.metadata().expect("a file")) & 0o77, 0);
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        for content in ["one", "two"] {
            write_whole(&path, content.as_bytes()).expect("writable");
            assert_eq!(std::fs::read_to_string(&path).expect("a file"), content);
        }
        assert!(write_whole(folder.path(), b"three").is_err(), "a folder is no place for a file");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
