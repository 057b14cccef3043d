//! A graph in ONNX: which inputs it asks for, and its numbers for one window.
//!
//! Each window is run by itself and on one thread, so that nothing else of a run can change its numbers: not what is
//! scored beside it, nor how many threads there are. That holds for graphs in 8-bit integers too, whose scale is taken
//! over all that is run at once.

use std::sync::{Arc, Mutex, PoisonError};

use rten::{Dimension, LoadErrorKind, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView};

use super::folder::{EXPORT, Folder, GRAPH, Unfit};
use super::guard::guarded;
use super::tokens::Window;

/// What to do about a damaged graph.
const COPY: &str = "copy it again, or export it again";

/// What the graph is given under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Ids,
    Mask,
    Kinds,
}

impl Input {
    fn of(name: &str) -> Option<Self> {
        match name {
            "input_ids" => Some(Self::Ids),
            "attention_mask" => Some(Self::Mask),
            "token_type_ids" => Some(Self::Kinds),
            _ => None,
        }
    }
}

/// A graph that is ready to run.
pub(super) struct Graph {
    model: Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    /// How many tokens each window must have, if the graph has but one length.
    length: Option<usize>,
    padding: i32,
    /// Threads that no run uses now.
    idle: Mutex<Vec<Arc<ThreadPool>>>,
}

impl Graph {
    /// The graph of a folder, whose windows are filled up with `padding` where it has but one length.
    ///
    /// # Errors
    /// [`Unfit`] where it can't be read, has operations that are not known here, or other inputs and outputs than a
    /// classifier of texts.
    pub(super) fn load(folder: &Folder, padding: i32) -> Result<Self, Unfit> {
        let loaded = guarded(|| ModelOptions::with_all_ops().prepack_weights(true).load_file(folder.graph()));
        let model = match loaded {
            Ok(Ok(model)) => model,
            Ok(Err(error)) => return Err(not_loaded(&error)),
            Err(panic) => return Err(Unfit::new(format!("{GRAPH} can't be used: {panic}"), COPY)),
        };
        if model.output_ids().is_empty() {
            return Err(Unfit::new(format!("{GRAPH} can't be used: it is damaged, for it gives nothing"), COPY));
        }
        let inputs = inputs(&model)?;
        let output = output(&model)?;
        let length = length(&model)?;
        Ok(Self { model, inputs, output, length, padding, idle: Mutex::default() })
    }

    /// Most tokens of a window, if the graph has but one length.
    pub(super) const fn length(&self) -> Option<usize> {
        self.length
    }

    /// The numbers of a window, one a label.
    ///
    /// # Errors
    /// What the library fails with, without anything of the text.
    pub(super) fn run(&self, window: &Window) -> Result<Vec<f32>, String> {
        let pool = self.idle().pop().unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&pool)));
        let inputs = self.inputs.iter().map(|(node, input)| Ok((*node, self.value(*input, window)?)));
        let inputs: Vec<(NodeId, ValueOrView)> = inputs.collect::<Result<_, String>>()?;
        // The guard is on the thread that works.
        let done = pool.run(|| guarded(|| self.model.run_n(inputs, [self.output], Some(options))));
        self.idle().push(pool);
        let [value] = done.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
        let ([_, _], numbers) = value.into_shape_vec::<f32, 2>().map_err(|error| error.to_string())?;
        Ok(numbers)
    }

    fn value(&self, input: Input, window: &Window) -> Result<ValueOrView<'static>, String> {
        let (mut numbers, rest) = match input {
            Input::Ids => (window.ids.clone(), self.padding),
            Input::Mask => (vec![1; window.ids.len()], 0),
            Input::Kinds => (window.kinds.clone(), 0),
        };
        numbers.resize(self.length.unwrap_or(numbers.len()), rest);
        let value = Value::from_shape([1, numbers.len()], numbers).map_err(|error| error.to_string())?;
        Ok(value.into())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Arc<ThreadPool>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of nodes, for messages.
fn names(model: &Model, nodes: &[NodeId]) -> Vec<String> {
    let name = |node: &NodeId| model.node_info(*node)?.name().map(str::to_owned);
    nodes.iter().map(|node| name(node).unwrap_or_default()).collect()
}

fn inputs(model: &Model) -> Result<Vec<(NodeId, Input)>, Unfit> {
    let names = names(model, model.input_ids());
    let known = names.iter().zip(model.input_ids()).map(|(name, node)| {
        let what = || format!("{GRAPH} asks for an input `{name}`, which is none of a classifier of texts");
        Input::of(name).map(|input| (*node, input)).ok_or_else(|| Unfit::new(what(), EXPORT))
    });
    let known = known.collect::<Result<Vec<_>, _>>()?;
    if known.iter().any(|(_, input)| *input == Input::Ids) {
        Ok(known)
    } else {
        Err(Unfit::new(format!("{GRAPH} has no input `input_ids`: it reads no text"), EXPORT))
    }
}

/// The output of labels: the one by the usual name, else the only one.
fn output(model: &Model) -> Result<NodeId, Unfit> {
    let names = names(model, model.output_ids());
    let usual = names.iter().position(|name| name == "logits");
    let place = usual.or((names.len() == 1).then_some(0)).ok_or_else(|| {
        let what = format!("{GRAPH} has no output `logits`, but {}: it is no classifier", names.join(", "));
        Unfit::new(what, EXPORT)
    })?;
    Ok(model.output_ids()[place])
}

/// The one length that the graph takes, if it takes but one.
fn length(model: &Model) -> Result<Option<usize>, Unfit> {
    let mut length = None;
    for place in 0..model.input_ids().len() {
        match model.input_shape(place).as_deref() {
            Some([batch, tokens]) => {
                if matches!(batch, Dimension::Fixed(texts) if *texts != 1) {
                    let what = format!("{GRAPH} takes several texts at once, and no other number of them");
                    return Err(Unfit::new(what, EXPORT));
                }
                if let Dimension::Fixed(tokens) = tokens {
                    length = Some(*tokens);
                }
            }
            Some(_) => return Err(Unfit::new(format!("{GRAPH} does not take texts as rows of tokens"), EXPORT)),
            None => {}
        }
    }
    Ok(length)
}

fn not_loaded(error: &rten::LoadError) -> Unfit {
    // The paths that the library names are those of this machine.
    let (what, hint) = match error.kind() {
        LoadErrorKind::ExternalDataError => (
            "its weights lie in a file beside it that is missing, cut off or elsewhere".to_owned(),
            "copy all files that begin with model.onnx into the folder, under the names that they were exported with",
        ),
        LoadErrorKind::OperatorInvalid => (
            format!("it has an operation that is not known here: {error}"),
            "export it in plain ONNX and 32-bit floats, without --optimize; 8-bit integers by dynamic quantization work too",
        ),
        LoadErrorKind::IoError | LoadErrorKind::ParseError | LoadErrorKind::UnknownFileType => {
            (format!("it is damaged, or no ONNX file: {error}"), COPY)
        }
        _ => (error.to_string(), EXPORT),
    };
    Unfit::new(format!("{GRAPH} can't be used: {what}"), hint)
}
