//! A tiny classifier of texts in ONNX, made by hand: each word that it knows is negative, positive or neither, and the
//! mean over a text's tokens are its logits. It owns just enough of ONNX's Protocol Buffers to write that.

#![allow(dead_code, reason = "the whole program's tests use a part of it")]

/// Words in the order of their ids, behind the four signs.
const WORDS: [(&str, [f32; 3]); 8] = [
    ("terrible", [9.0, 0.0, 0.0]),
    ("angry", [9.0, 1.0, 0.0]),
    ("bad", [7.0, 0.5, 0.0]),
    ("wonderful", [0.0, 0.0, 9.0]),
    ("happy", [0.0, 1.0, 9.0]),
    ("good", [0.0, 0.5, 7.0]),
    ("tuesday", [0.0, 4.0, 0.5]),
    ("room", [0.5, 4.0, 0.0]),
];
const SIGNS: [&str; 4] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

/// Types of tensors, as ONNX numbers them.
pub(crate) const FLOAT: u64 = 1;
pub(crate) const INT8: u64 = 3;
pub(crate) const INT64: u64 = 7;

/// A message of Protocol Buffers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number > 0x7F {
            self.0.push(u8::try_from(number & 0x7F).expect("7 bits") | 0x80);
            number >>= 7;
        }
        self.0.push(u8::try_from(number).expect("7 bits"));
    }

    fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn texts(self, field: u64, texts: &[&str]) -> Self {
        texts.iter().fold(self, |message, text| message.text(field, text))
    }

    fn all(self, field: u64, messages: &[Self]) -> Self {
        messages.iter().fold(self, |message, one| message.bytes(field, &one.0))
    }
}

/// An input or output: its name, its type, its dimensions, of which 0 is one without a size.
pub(crate) fn named(name: &str, kind: u64, dimensions: &[u64]) -> Message {
    let dimension = |size: &u64| match size {
        0 => Message::default().text(2, "n"),
        size => Message::default().number(1, *size),
    };
    let shape = Message::default().all(1, &dimensions.iter().map(dimension).collect::<Vec<_>>());
    let tensor = Message::default().number(1, kind).bytes(2, &shape.0);
    Message::default().text(1, name).bytes(2, &Message::default().bytes(1, &tensor.0).0)
}

/// A node of the main set of operations.
pub(crate) fn node(operation: &str, inputs: &[&str], outputs: &[&str]) -> Message {
    Message::default().texts(1, inputs).texts(2, outputs).text(3, outputs[0]).text(4, operation)
}

/// A weight.
pub(crate) fn weight(name: &str, kind: u64, dimensions: &[u64], bytes: &[u8]) -> Message {
    let dimensions = dimensions.iter().fold(Message::default(), |message, size| message.number(1, *size));
    dimensions.number(2, kind).text(8, name).bytes(9, bytes)
}

/// A weight whose numbers lie in another file.
pub(crate) fn weight_elsewhere(name: &str, dimensions: &[u64], file: &str) -> Message {
    let dimensions = dimensions.iter().fold(Message::default(), |message, size| message.number(1, *size));
    let entries = [("location", file), ("offset", "0"), ("length", "144")];
    let entries = entries.map(|(key, value)| Message::default().text(1, key).text(2, value));
    dimensions.number(2, FLOAT).text(8, name).all(13, &entries).number(14, 1)
}

/// The file of a graph.
pub(crate) fn file(inputs: &[Message], weights: &[Message], nodes: &[Message], outputs: &[Message]) -> Vec<u8> {
    let graph = Message::default().all(1, nodes).text(2, "tiny").all(5, weights).all(11, inputs).all(12, outputs);
    let operations = Message::default().text(1, "").number(2, 18);
    Message::default().number(1, 9).bytes(8, &operations.0).bytes(7, &graph.0).0
}

/// The bytes of what each token is.
pub(crate) fn feelings() -> Vec<u8> {
    let signs = [[0.0; 3], [0.0, 3.0, 0.0], [0.0; 3], [0.0; 3]];
    let rows = signs.into_iter().chain(WORDS.map(|(_, row)| row));
    rows.flatten().flat_map(f32::to_le_bytes).collect()
}

/// Tokens that the graph knows.
pub(crate) const TOKENS: u64 = 12;

pub(crate) fn inputs() -> Vec<Message> {
    vec![named("input_ids", INT64, &[0, 0]), named("attention_mask", INT64, &[0, 0])]
}

pub(crate) fn outputs() -> Vec<Message> {
    vec![named("logits", FLOAT, &[0, 3])]
}

/// Token by token what it is, and the mean of that: logits of negative, neutral and positive.
pub(crate) fn nodes() -> Vec<Message> {
    vec![node("Gather", &["feelings", "input_ids"], &["tokens"]), mean("tokens", "logits")]
}

/// The mean over a text's tokens.
pub(crate) fn mean(tokens: &str, output: &str) -> Message {
    let whole = Message::default().text(1, "keepdims").number(3, 0).number(20, 2);
    node("ReduceMean", &[tokens, "axis"], &[output]).bytes(5, &whole.0)
}

pub(crate) fn weights() -> Vec<Message> {
    vec![weight("feelings", FLOAT, &[TOKENS, 3], &feelings()), axis()]
}

pub(crate) fn axis() -> Message {
    weight("axis", INT64, &[1], &1_i64.to_le_bytes())
}

/// The graph.
pub(crate) fn graph() -> Vec<u8> {
    file(&inputs(), &weights(), &nodes(), &outputs())
}

/// The same graph with a product in 8-bit integers, whose scale is taken over all that is run at once.
pub(crate) fn graph_in_8_bits() -> Vec<u8> {
    let cast = Message::default().text(1, "to").number(3, FLOAT).number(20, 2);
    let nodes = vec![
        node("Gather", &["feelings", "input_ids"], &["tokens"]),
        node("DynamicQuantizeLinear", &["tokens"], &["small", "scale", "zero"]),
        node("MatMulInteger", &["small", "eye", "zero"], &["product"]),
        node("Cast", &["product"], &["number"]).bytes(5, &cast.0),
        node("Mul", &["number", "scale"], &["scaled"]),
        mean("scaled", "logits"),
    ];
    let eye = weight("eye", INT8, &[3, 3], &[1, 0, 0, 0, 1, 0, 0, 0, 1]);
    file(&inputs(), &[weights(), vec![eye]].concat(), &nodes, &outputs())
}

/// The tokenizer.
pub(crate) fn tokenizer() -> String {
    let words = SIGNS.into_iter().chain(WORDS.map(|(word, _)| word));
    let words: Vec<String> = words.enumerate().map(|(id, word)| format!("\"{word}\": {id}")).collect();
    let sign = |id: usize| {
        format!(
            "{{\"id\": {id}, \"content\": \"{}\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \
             \"normalized\": false, \"special\": true}}",
            SIGNS[id]
        )
    };
    let part = |id: usize| format!("{{\"SpecialToken\": {{\"id\": \"{}\", \"type_id\": 0}}}}", SIGNS[id]);
    let own = |id: usize| format!("\"{0}\": {{\"id\": \"{0}\", \"ids\": [{id}], \"tokens\": [\"{0}\"]}}", SIGNS[id]);
    format!(
        "{{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [{}], \
         \"normalizer\": {{\"type\": \"Lowercase\"}}, \"pre_tokenizer\": {{\"type\": \"Whitespace\"}}, \
         \"post_processor\": {{\"type\": \"TemplateProcessing\", \
         \"single\": [{}, {{\"Sequence\": {{\"id\": \"A\", \"type_id\": 0}}}}, {}], \"pair\": [], \
         \"special_tokens\": {{{}, {}}}}}, \"decoder\": null, \
         \"model\": {{\"type\": \"WordLevel\", \"vocab\": {{{}}}, \"unk_token\": \"[UNK]\"}}}}",
        (0..4).map(sign).collect::<Vec<_>>().join(", "),
        part(2),
        part(3),
        own(2),
        own(3),
        words.join(", ")
    )
}

/// The configuration.
pub(crate) const CONFIG: &str = r#"{
  "model_type": "bert",
  "id2label": {"0": "negative", "1": "neutral", "2": "POSITIVE"},
  "max_position_embeddings": 32,
  "pad_token_id": 0,
  "vocab_size": 12
}"#;
