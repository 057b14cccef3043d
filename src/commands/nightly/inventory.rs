//! Where inputs lie tonight: what was found, and what else is asked for by its path.
//!
//! On an object store that is the list of tonight: nothing that was found is asked for again.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::exit::{ExitCode, Failure};
use crate::input::{self, Source};
use crate::nights::Input;
use crate::places;
use crate::settings::Settings;

/// The inputs of tonight, and those of earlier nights that are asked for.
#[derive(Debug)]
pub(super) struct Inventory {
    /// By their paths without links, or their addresses.
    found: BTreeMap<String, Source>,
    /// What lies where nothing was found, each looked for once.
    asked: RefCell<HashMap<String, Option<Source>>>,
}

impl Inventory {
    /// What `inputs` name, without what nights published in `root` and without contact records.
    ///
    /// # Errors
    /// Those of [`input::discover`]; standard input can't be read again.
    pub(super) fn discover(settings: &Settings, inputs: &[String], root: &Path) -> Result<Self, Failure> {
        let mut inventory = Self { found: BTreeMap::new(), asked: RefCell::default() };
        if inputs.is_empty() {
            return Ok(inventory);
        }
        if inputs.iter().any(|input| input == "-") {
            return Err(Failure::new(
                ExitCode::Usage,
                "nights read files, because they read them again when calls come late",
            )
            .with_hint(Some("write standard input to a file, and name that".into())));
        }
        let own = own_place(root)?;
        for source in input::discover(inputs, root)? {
            let source = source.without_links();
            let name = source.name();
            let is_own = own.as_ref().is_some_and(|own| Path::new(&name).starts_with(own));
            if !is_own && !settings.metadata.as_deref().is_some_and(|contacts| source.is_at(contacts)) {
                inventory.found.insert(name, source);
            }
        }
        Ok(inventory)
    }

    /// What was found, by path.
    pub(super) fn found(&self) -> impl Iterator<Item = (&String, &Source)> {
        self.found.iter()
    }

    /// Whether something was found at this path tonight.
    pub(super) fn is_found(&self, path: &str) -> bool {
        self.found.contains_key(path)
    }

    /// What is where an input was, as it was named then; `None` where nothing is, or where the input's own content is known
    /// to be gone.
    ///
    /// # Errors
    /// [`Failure`] where an object store can't be asked.
    pub(super) fn now(&self, input: &Input) -> Result<Option<Source>, Failure> {
        if input.is_replaced {
            return Ok(None);
        }
        if let Some(source) = self.found.get(&input.path) {
            return Ok(Some(source.clone().named(input.is_named)));
        }
        if let Some(known) = self.asked.borrow().get(&input.path) {
            return Ok(known.clone());
        }
        let there = Source::at(&input.path, input.is_named)?;
        self.asked.borrow_mut().insert(input.path.clone(), there.clone());
        Ok(there)
    }

    /// Whether something is where an input was.
    ///
    /// # Errors
    /// [`Failure`] where an object store can't be asked.
    pub(super) fn has(&self, input: &Input) -> Result<bool, Failure> {
        Ok(self.now(input)?.is_some())
    }
}

/// Where nights publish, as paths of inputs are written; `None` for a folder that is not there yet.
fn own_place(root: &Path) -> Result<Option<std::path::PathBuf>, Failure> {
    Ok(match places::location(root)? {
        Some(place) => Some(place.to_string().into()),
        None => std::fs::canonicalize(root).ok(),
    })
}
