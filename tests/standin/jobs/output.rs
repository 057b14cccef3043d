//! From the lines of a file to the archive that a job leaves.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;

use serde_json::{Value, json};

use super::super::{custom, scorer};
use super::{Damage, JobsConfig};

/// The documents of a file: CR, LF and both end one. A byte that is no UTF-8 ends the reading.
pub(super) fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut after_cr = false;
    for &byte in bytes {
        match byte {
            b'\n' if after_cr => {}
            b'\n' | b'\r' => lines.push(std::mem::take(&mut line)),
            byte => line.push(byte),
        }
        after_cr = byte == b'\r';
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let readable = lines.iter().take_while(|line| std::str::from_utf8(line).is_ok()).count();
    lines.truncate(readable);
    lines
}

/// The archive, and hashes of the documents that were scored.
pub(super) fn archive(
    config: &JobsConfig,
    language: &str,
    lines: &[Vec<u8>],
    random: &mut fastrand::Rng,
) -> (Vec<u8>, Vec<u64>) {
    let (mut written, mut scored) = (Vec::new(), Vec::new());
    for (number, line) in (0_u64..).zip(lines) {
        if config.left_out.is_some_and(|each| number.is_multiple_of(each)) {
            continue;
        }
        let text = std::str::from_utf8(line).expect("the reading ended before");
        let (value, is_scored) = answer(config, language, text);
        if is_scored {
            let mut hasher = DefaultHasher::new();
            (language, text).hash(&mut hasher);
            scored.push(hasher.finish());
        }
        written.extend(damaged(config, number, lines.len() as u64, value));
    }
    random.shuffle(&mut written);
    let text = written.join("\n") + "\n";
    (packed(config, text.as_bytes()), scored)
}

fn answer(config: &JobsConfig, language: &str, text: &str) -> (Value, bool) {
    let holds = |what: Option<&str>| what.is_some_and(|what| text.contains(what));
    let error = |code: &str| json!({ "File": "in.txt", "ErrorCode": code, "ErrorMessage": format!("failed: {text}") });
    if text.len() > 5_000 {
        return (error("DOCUMENT_SIZE_EXCEEDED"), false);
    }
    if holds(config.poison) {
        return (error("INVALID_DOCUMENT"), false);
    }
    if holds(config.passing) {
        return (error("INTERNAL_SERVER_ERROR"), false);
    }
    if let Some(classifier) = &config.classifier {
        let classes = custom::classes(language, text, classifier.labels, 3);
        let name = if classifier.is_multi_label { "Labels" } else { "Classes" };
        return (json!({ "File": "in.txt", name: classes }), true);
    }
    let scores = scorer::score(language, text, 0.0);
    let [positive, negative, neutral, mixed] = scores;
    let value = json!({
        "File": "in.txt", "Sentiment": scorer::class(&scores),
        "SentimentScore": {"Mixed": mixed, "Negative": negative, "Neutral": neutral, "Positive": positive},
    });
    (value, true)
}

/// The lines that stand for one document.
fn damaged(config: &JobsConfig, number: u64, lines: u64, mut value: Value) -> Vec<String> {
    let numbered = |value: &mut Value, number: u64| {
        value["Line"] = if config.line_is_text { number.to_string().into() } else { number.into() };
    };
    numbered(&mut value, number);
    let is_tenth = number.is_multiple_of(10);
    match config.damage {
        Damage::Garbage if is_tenth => vec!["{\"File\": \"in.txt\", \"Line\"".to_owned()],
        Damage::OutOfRange if is_tenth => {
            numbered(&mut value, lines + number);
            vec![value.to_string()]
        }
        Damage::Twice if is_tenth => vec![value.to_string(), value.to_string()],
        _ => vec![value.to_string()],
    }
}

fn packed(config: &JobsConfig, text: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let bytes = if config.damage == Damage::NoArchive {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory takes all");
        return encoder.finish().expect("memory takes all");
    } else {
        archive.append_data(&mut header, config.member, text).expect("memory takes all");
        archive.into_inner().expect("memory takes all").finish().expect("memory takes all")
    };
    let kept = if config.damage == Damage::CutShort { bytes.len() * 2 / 3 } else { bytes.len() };
    bytes.into_iter().take(kept).collect()
}
