//! What `--model` names: the built-in model, a file, or a folder; and where the folder `accurate` lies.

use std::path::{Path, PathBuf};

use crate::exit::{ExitCode, Failure};

/// The folder that comes with the program.
const ACCURATE: &str = "accurate";

/// What the settings name as the local engine's model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The model inside the program.
    BuiltIn,
    /// A file, be it there or not.
    File(PathBuf),
    /// A folder.
    Folder(PathBuf),
}

impl Place {
    /// What `model` names.
    ///
    /// # Errors
    /// [`ExitCode::Settings`] where it is `accurate`, and the folder is nowhere.
    pub(super) fn of(model: Option<&Path>) -> Result<Self, Failure> {
        match model {
            None => Ok(Self::BuiltIn),
            Some(path) if path == Path::new(ACCURATE) => accurate(&places()).map(Self::Folder),
            Some(path) if path.is_dir() => Ok(Self::Folder(path.to_owned())),
            Some(path) => Ok(Self::File(path.to_owned())),
        }
    }
}

/// Where `accurate` may lie, the first one first: beside the program, where packages put it, and in the sources.
fn places() -> Vec<PathBuf> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
    let beside = program.as_deref().and_then(Path::parent);
    let installed = beside.into_iter().flat_map(|beside| {
        let shared = beside.parent().map(|above| above.join("share/undertone/models"));
        std::iter::once(beside.join("models")).chain(shared)
    });
    installed.chain([PathBuf::from("models")]).map(|models| models.join(ACCURATE)).collect()
}

fn accurate(places: &[PathBuf]) -> Result<PathBuf, Failure> {
    places.iter().find(|place| place.is_dir()).cloned().ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let hint = format!(
            "it comes with the packages of a release, and lies in models/{ACCURATE} of the sources: put that folder into one \
             of {}; a folder of one's own by that name is --model ./{ACCURATE}",
            looked.join(", ")
        );
        Failure::new(ExitCode::Settings, format!("there is no model `{ACCURATE}`")).with_hint(Some(hint))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_folder_if_there_is_one_and_else_a_file() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Place::of(None).unwrap(), Place::BuiltIn);
        assert_eq!(Place::of(Some(home.path())).unwrap(), Place::Folder(home.path().to_owned()));
        let missing = home.path().join("ours.model");
        assert_eq!(Place::of(Some(&missing)).unwrap(), Place::File(missing));
    }

    #[test]
    fn accurate_is_the_first_of_its_places_that_is_there() {
        let home = tempfile::tempdir().unwrap();
        let place = |name: &str| home.path().join(name);
        std::fs::create_dir(place("second")).unwrap();
        std::fs::create_dir(place("third")).unwrap();
        let places = ["first", "second", "third"].map(place);
        assert_eq!(accurate(&places).unwrap(), place("second"));
        let failure = accurate(&places[..1]).unwrap_err();
        assert_eq!(failure.code(), ExitCode::Settings);
        assert!(failure.hint().is_some_and(|hint| hint.contains(&place("first").display().to_string())));
    }

    #[test]
    fn accurate_is_looked_for_beside_the_program_first() {
        let places = places();
        let beside = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(places[0], beside.parent().unwrap().join("models/accurate"));
        assert!(places[1].ends_with("share/undertone/models/accurate"));
        assert_eq!(places[2], Path::new("models/accurate"));
    }
}
