//! How often language detectors name the language of short texts rightly, how long they take, and what `undertone`
//! makes of such texts as calls.
//!
//! `cargo run --release --manifest-path benches/language/Cargo.toml -- DATA`, where DATA holds `CODE.txt` for languages
//! of the service and others, one sentence a line.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use lingua::Language;
use undertone::language::{Collector, Evidence};
use undertone::transcript::{Call, Role, Turn};
use whatlang::Lang as Whatlang;

const SERVICE: [&str; 12] = ["en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"];
const LINGUA: [Language; 11] = [
    Language::Arabic,
    Language::Chinese,
    Language::English,
    Language::French,
    Language::German,
    Language::Hindi,
    Language::Italian,
    Language::Japanese,
    Language::Korean,
    Language::Portuguese,
    Language::Spanish,
];
const WHATLANG: [Whatlang; 11] = [
    Whatlang::Ara,
    Whatlang::Cmn,
    Whatlang::Eng,
    Whatlang::Fra,
    Whatlang::Deu,
    Whatlang::Hin,
    Whatlang::Ita,
    Whatlang::Jpn,
    Whatlang::Kor,
    Whatlang::Por,
    Whatlang::Spa,
];
/// Where lengths in letters are parted.
const LENGTHS: [usize; 6] = [10, 20, 40, 80, 160, usize::MAX];
/// Texts of each language that are looked at.
const TEXTS: usize = 3000;

type Texts = BTreeMap<String, Vec<String>>;

fn main() {
    let folder = std::env::args().nth(1).expect("the folder of CODE.txt");
    let texts = read(Path::new(&folder));
    println!("texts of      letters: <10    <20    <40    <80   <160  longer");
    for (code, texts) in &texts {
        let mut counts = [0; LENGTHS.len()];
        texts.iter().for_each(|text| counts[length(text)] += 1);
        println!("{code:16} {}", counts.map(|count| format!("{count:6}")).join(" "));
    }
    detectors(&texts);
    calls(&texts);
}

fn read(folder: &Path) -> Texts {
    let files = std::fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("an entry").path());
    let texts = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("UTF-8");
        text.lines().filter(|line| letters(line) > 0).take(TEXTS).map(str::to_owned).collect()
    };
    files.map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), texts(&path))).collect()
}

fn letters(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_alphabetic()).count()
}

fn length(text: &str) -> usize {
    LENGTHS.iter().position(|&end| letters(text) < end).expect("the last one is the greatest")
}

/// The share of texts that each detector names rightly; Chinese is one language to all but the last.
fn detectors(texts: &Texts) {
    let builder = || lingua::LanguageDetectorBuilder::from_languages(&LINGUA);
    let fine = builder().with_preloaded_language_models().build();
    let coarse = builder().with_low_accuracy_mode().with_preloaded_language_models().build();
    let some = whatlang::Detector::with_allowlist(WHATLANG.to_vec());
    let lingua_code = |language: Option<Language>| language.map(|found| found.iso_code_639_1().to_string());
    let whatlang_code = |info: Option<whatlang::Info>| info.map(|info| info.lang().code().to_owned());
    let alone = Evidence::default();
    let detectors: [(&str, &dyn Fn(&str) -> Option<String>); 6] = [
        ("whichlang", &|text| Some(whichlang::detect_language(text).three_letter_code().to_owned())),
        ("whatlang, all languages", &|text| whatlang_code(whatlang::detect(text))),
        ("whatlang, these", &|text| whatlang_code(some.detect(text))),
        ("lingua, coarse, these", &|text| lingua_code(coarse.detect_language_of(text))),
        ("lingua, these", &|text| lingua_code(fine.detect_language_of(text))),
        ("undertone, no file", &|text| Some(alone.language(&call(text), None).code.to_owned())),
    ];
    println!("\nright, %                       <10    <20    <40    <80   <160  longer   µs a text");
    for (name, detect) in detectors {
        let mut all = Shares::default();
        let mut lines = Vec::new();
        let mut seconds = 0.0;
        for (code, texts) in texts.iter().filter(|(code, _)| SERVICE.contains(&code.as_str())) {
            let mut shares = Shares::default();
            for text in texts {
                let begun = Instant::now();
                let found = detect(text);
                seconds += begun.elapsed().as_secs_f64();
                shares.add(text, found.is_some_and(|found| same(&found, code)));
            }
            all.merge(&shares);
            lines.push(format!("  {code:26} {shares}"));
        }
        println!("{name:28} {all} {:10.1}\n{}", seconds * 1e6 / all.texts() as f64, lines.join("\n"));
    }
}

fn same(found: &str, code: &str) -> bool {
    let found = match found {
        "ara" => "ar",
        "cmn" => "zh",
        "deu" => "de",
        "eng" => "en",
        "fra" => "fr",
        "hin" => "hi",
        "ita" => "it",
        "jpn" => "ja",
        "kor" => "ko",
        "por" => "pt",
        "spa" => "es",
        other => other,
    };
    found == code || code.starts_with(found) && !found.is_empty()
}

/// What becomes of each text as a call: by itself, in a file of its language, and in an English one.
fn calls(texts: &Texts) {
    let file = |code: &str| {
        let mut collector = Collector::default();
        texts.get(code).into_iter().flatten().for_each(|text| collector.add(text, ""));
        collector.end_file();
        collector.finish()
    };
    let english = file("en");
    for (code, texts) in texts {
        println!("\n{code}, calls of one text, %      <10    <20    <40    <80   <160  longer");
        for (name, evidence) in
            [("no file", &Evidence::default()), ("its file", &file(code)), ("English file", &english)]
        {
            let mut counts = [Shares::default(); 3];
            for text in texts {
                let found = evidence.language(&call(text), Some("en"));
                let right = found.code == code;
                let outcomes = [right, !right && found.assumed, !right && !found.assumed];
                counts.iter_mut().zip(outcomes).for_each(|(shares, outcome)| shares.add(text, outcome));
            }
            for (outcome, shares) in ["right", "assumed another", "taken for another"].iter().zip(&counts) {
                println!("  {name:12} {outcome:17} {shares}");
            }
        }
    }
}

fn call(text: &str) -> Call {
    let turn = Turn { role: Role::Customer, text: text.into(), agent_id: None, start_ms: None, end_ms: None };
    Call { turns: vec![turn], files: [0].into(), ..Call::default() }
}

/// Hits and texts by length.
#[derive(Clone, Copy, Default)]
struct Shares([(u32, u32); LENGTHS.len()]);

impl Shares {
    fn add(&mut self, text: &str, hit: bool) {
        let (hits, all) = &mut self.0[length(text)];
        *hits += u32::from(hit);
        *all += 1;
    }

    fn merge(&mut self, other: &Self) {
        for ((hits, all), (more_hits, more)) in self.0.iter_mut().zip(other.0) {
            *hits += more_hits;
            *all += more;
        }
    }

    fn texts(&self) -> u32 {
        self.0.iter().map(|(_, all)| all).sum()
    }
}

impl std::fmt::Display for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for &(hits, all) in &self.0 {
            // Fewer than twenty texts say nothing.
            match all {
                0..20 => write!(f, "      –")?,
                _ => write!(f, " {:6.2}", 100.0 * f64::from(hits) / f64::from(all))?,
            }
        }
        Ok(())
    }
}
