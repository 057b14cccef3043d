//! The files of a model's folder, what is wrong with them, and the hash that stands for all.

use std::borrow::Cow;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The graph. Weights that do not lie in it are in files whose names begin so.
pub(super) const GRAPH: &str = "model.onnx";
/// How texts become numbers.
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// Labels and limits.
pub(super) const CONFIG: &str = "config.json";
/// One more limit, where it is there.
pub(super) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Most bytes of one of the three files that are read whole. The largest tokenizers have some 20 MB.
const MOST_BYTES: u64 = 256 << 20;

/// What makes a folder unfit: which file, what is wrong with it, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(super) struct Unfit {
    what: String,
    pub(super) hint: Cow<'static, str>,
}

impl Unfit {
    pub(super) fn new(what: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

/// How a folder is made, for hints.
pub(super) const EXPORT: &str =
    "export it again: optimum-cli export onnx --model NAME --task text-classification FOLDER";

/// A folder whose three files are there.
pub(super) struct Folder {
    path: PathBuf,
    /// Its name, without what is above it.
    pub(super) name: String,
}

impl Folder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// [`Unfit`] naming the file that is missing, and what may stand for it.
    pub(super) fn open(path: &Path) -> Result<Self, Unfit> {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = whole.file_name().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
        let folder = Self { path: path.to_owned(), name };
        let missing = [CONFIG, TOKENIZER, GRAPH].into_iter().find(|file| !folder.path.join(file).is_file());
        match missing {
            None => Ok(folder),
            Some(file) => Err(Unfit::new(format!("{file} is missing"), folder.instead_of(file))),
        }
    }

    /// What to do about a missing file.
    fn instead_of(&self, missing: &str) -> Cow<'static, str> {
        let has = |name: &str| self.path.join(name).exists();
        if missing != GRAPH {
            let old = ["vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spm.model", "spiece.model"];
            return match old.into_iter().find(|name| missing == TOKENIZER && has(name)) {
                Some(old) => format!(
                    "the folder has {old}, an older form: write {TOKENIZER} with \
                     transformers.AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
                )
                .into(),
                None => format!("copy {missing} from the model that was exported into the folder").into(),
            };
        }
        let mut graphs = self.names(|name| Path::new(name).extension().is_some_and(|ending| ending == "onnx"));
        if let Some(graph) = graphs.pop().filter(|_| graphs.is_empty()) {
            return format!("the folder has {graph}: rename it {GRAPH}, if that is the model").into();
        }
        match [("onnx/model.onnx", "onnx"), ("model.safetensors", ""), ("pytorch_model.bin", "")]
            .into_iter()
            .find(|(file, _)| has(file))
        {
            Some((_, "onnx")) => {
                "copy onnx/model.onnx, and files beside it that begin with that name, into the folder".into()
            }
            Some((weights, _)) => format!("the folder has {weights}, which is not exported yet; {EXPORT}").into(),
            None => EXPORT.into(),
        }
    }

    /// The names in the folder that `wanted` takes, sorted.
    fn names(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| wanted(name));
        names.sort_unstable();
        names
    }

    /// Where the graph is.
    pub(super) fn graph(&self) -> PathBuf {
        self.path.join(GRAPH)
    }

    /// A file as a whole.
    ///
    /// # Errors
    /// [`Unfit`] where it can't be read.
    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, Unfit> {
        let path = self.path.join(file);
        if fs::metadata(&path).is_ok_and(|found| found.len() > MOST_BYTES) {
            return Err(Unfit::new(format!("{file} has more than {} MB", MOST_BYTES >> 20), EXPORT));
        }
        fs::read(path).map_err(|error| unreadable(file, &error))
    }

    /// The same, of a file that may be missing.
    ///
    /// # Errors
    /// Those of [`Folder::read`].
    pub(super) fn read_if_there(&self, file: &str) -> Result<Option<Vec<u8>>, Unfit> {
        if self.path.join(file).is_file() { self.read(file).map(Some) } else { Ok(None) }
    }

    /// A hash of all files that decide scores: names and contents of configuration, tokenizer, graph and its weights. Those
    /// may lie beside the graph: in files whose names begin as its own does, or which it names.
    ///
    /// # Errors
    /// [`Unfit`] where one can't be read.
    pub(super) fn hash(&self) -> Result<blake3::Hash, Unfit> {
        let mut whole = blake3::Hasher::new();
        let is_small = fs::metadata(self.graph()).is_ok_and(|found| found.len() <= MOST_BYTES);
        let named = if is_small { weights_named_in(&self.read(GRAPH)?) } else { Vec::new() };
        let counts = |name: &str| {
            let is_fixed = [CONFIG, TOKENIZER, TOKENIZER_CONFIG].contains(&name);
            is_fixed || name.starts_with(GRAPH) || named.iter().any(|other| other == name)
        };
        for name in self.names(counts) {
            let mut content = blake3::Hasher::new();
            let file = File::open(self.path.join(&name)).map_err(|error| unreadable(&name, &error))?;
            content.update_reader(file).map_err(|error| unreadable(&name, &error))?;
            whole.update(&(name.len() as u64).to_le_bytes());
            whole.update(name.as_bytes());
            whole.update(content.finalize().as_bytes());
        }
        Ok(whole.finalize())
    }
}

/// Names of files that a graph states for weights. In Protocol Buffers such an entry is the key `location` (field 1), then the
/// name (field 2), which is shorter than 128 bytes.
fn weights_named_in(graph: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\x0a\x08location\x12";
    let names = memchr::memmem::find_iter(graph, KEY).filter_map(|at| {
        let (length, rest) = graph.get(at + KEY.len()..)?.split_first()?;
        let name = str::from_utf8(rest.get(..usize::from(*length))?).ok()?;
        Some(name.strip_prefix("./").unwrap_or(name).to_owned())
    });
    names.collect()
}

fn unreadable(file: &str, error: &std::io::Error) -> Unfit {
    Unfit::new(format!("{file} can't be read: {error}"), "let the user who runs undertone read the folder's files")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for file in files {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        home
    }

    fn missing(files: &[&str]) -> (String, String) {
        let unfit = Folder::open(folder(files).path()).err().unwrap();
        (unfit.to_string(), unfit.hint.into_owned())
    }

    #[test]
    fn a_missing_file_is_named_with_what_may_stand_for_it() {
        let (what, hint) = missing(&[GRAPH, TOKENIZER]);
        assert!(what == "config.json is missing" && hint.starts_with("copy config.json"), "{hint}");
        for (files, words) in [
            (&[GRAPH, CONFIG, "vocab.txt"][..], "the folder has vocab.txt"),
            (&[GRAPH, CONFIG], "copy tokenizer.json"),
            (&[CONFIG, TOKENIZER, "model_quantized.onnx"], "rename it model.onnx"),
            (&[CONFIG, TOKENIZER, "a.onnx", "b.onnx"], "optimum-cli"),
            (&[CONFIG, TOKENIZER, "onnx/model.onnx"], "copy onnx/model.onnx"),
            (&[CONFIG, TOKENIZER, "model.safetensors"], "not exported yet"),
        ] {
            let (what, hint) = missing(files);
            assert!(what.ends_with(" is missing") && hint.contains(words), "{files:?}: {hint}");
        }
    }

    #[test]
    fn the_hash_is_of_what_decides_scores_and_of_nothing_else() {
        let home = folder(&[CONFIG, TOKENIZER, GRAPH]);
        let write = |file: &str, content: &str| fs::write(home.path().join(file), content).unwrap();
        let hash = || Folder::open(home.path()).unwrap().hash().unwrap();
        let first = hash();
        write("README.md", "about it");
        assert_eq!(hash(), first);
        let mut hashes = vec![first];
        for file in [CONFIG, TOKENIZER, GRAPH, TOKENIZER_CONFIG, "model.onnx_data"] {
            write(file, "something else");
            hashes.push(hash());
        }
        write(GRAPH, "a graph, and \n\u{8}location\u{12}\u{9}./w.bin$$, and so on");
        hashes.push(hash());
        write("w.bin$$", "weights");
        hashes.push(hash());
        hashes.dedup();
        assert_eq!(hashes.len(), 8);
    }

    #[test]
    fn a_folder_goes_by_its_own_name() {
        let home = folder(&["ours/config.json", "ours/tokenizer.json", "ours/model.onnx"]);
        let path = home.path().join("ours");
        assert_eq!(Folder::open(&path).unwrap().name, "ours");
        assert_eq!(Folder::open(&path.join("../ours/.")).unwrap().name, "ours");
    }
}
