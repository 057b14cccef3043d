//! `undertone config`: show what the settings are and where each came from, write a file to begin with, and
//! check one before a nightly job depends on it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::cli::{Config, GeneralFlags};
use crate::engine::registry;
use crate::exit::{ExitCode, Failure};
#[cfg(feature = "jobs")]
use crate::jobs::expiry;
use crate::settings::{self, Settings};

/// Runs one of the `config` commands.
///
/// # Errors
/// [`Failure`] for wrong settings, a file that exists, and what can't be written.
pub fn run(general: GeneralFlags, command: Config) -> Result<ExitCode, Failure> {
    match command {
        Config::Show { json, settings } => show(&general.resolve(settings)?, json)?,
        Config::Init { file, force } => init(&file, force)?,
        Config::Check { settings } => check(&general.resolve(settings)?)?,
    }
    Ok(ExitCode::Done)
}

fn show(settings: &Settings, json: bool) -> Result<(), Failure> {
    if json {
        let listing = serde_json::json!({
            "file": settings.file().map(|path| path.display().to_string()),
            "hash": settings.hash(registry::keys()),
            "settings": settings.listing_as_json(registry::keys()),
        });
        return super::print(&format!("{listing:#}\n"));
    }
    super::print(&format!("# {}\n{}", file_text(settings), settings.listing(registry::keys())))
}

fn check(settings: &Settings) -> Result<(), Failure> {
    #[cfg_attr(not(feature = "jobs"), expect(unused_mut, reason = "jobs alone have more to check"))]
    let mut text = verdict(settings);
    #[cfg(feature = "jobs")]
    text.extend(expiry::in_words(settings.section())?);
    super::print(&text)
}

/// What `config check` says of settings that are right.
fn verdict(settings: &Settings) -> String {
    format!("the settings are right: {}\n", file_text(settings))
}

fn file_text(settings: &Settings) -> String {
    match settings.file() {
        Some(path) => format!("settings file {}", path.display()),
        None => {
            format!("no settings file (no --config, no UNDERTONE_CONFIG, no {} here)", settings::FILE_NAME)
        }
    }
}

fn init(file: &Path, force: bool) -> Result<(), Failure> {
    let text = settings::commented_file(registry::keys());
    if file == Path::new("-") {
        return super::print(&text);
    }
    // `create_new` leaves no moment in which a file of somebody else could be overwritten.
    let opened = OpenOptions::new().write(true).create_new(!force).create(force).truncate(force).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        Failure::write(file, error).with_hint(exists.then(|| "--force overwrites it".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_and_overwritten_only_by_force() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("undertone.toml");
        init(&file, false).unwrap();
        std::fs::write(&file, "mine").unwrap();
        let failure = init(&file, false).unwrap_err();
        assert_eq!((failure.code(), failure.hint()), (ExitCode::CantCreate, Some("--force overwrites it")));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        init(&file, true).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), settings::commented_file(registry::keys()));
    }

    #[test]
    fn a_check_names_the_file_that_it_checked() {
        assert_eq!(
            verdict(&Settings::default()),
            "the settings are right: no settings file (no --config, no UNDERTONE_CONFIG, no undertone.toml here)\n"
        );
    }
}
